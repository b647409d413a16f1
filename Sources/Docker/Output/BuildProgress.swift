import Engine
import Numbers

/// Reads what `docker build` writes where no terminal is: the classic builder's lines
/// (`Step 2/3 : RUN make`), and BuildKit's (`#6 [2/3] RUN make`, of several at once).
struct BuildProgress: Sendable {
    private(set) var state = BuildReport.State()
    /// What was written for a person since the failing step, or the last one, was begun.
    private(set) var lines: [String] = []
    /// The step of BuildKit's that has failed.
    private(set) var failed: Step?

    /// Whether the classic builder is at a step that does not end before it is done.
    private(set) var isCopying = false

    /// BuildKit's steps by the number that it gives them.
    private var vertices: [Int: Vertex] = [:]
    /// How many steps BuildKit has told for each stage of the file.
    private var totals: [String: Int] = [:]
    private var isCached = false

    /// A step of the file, in the stage of that name.
    struct Step: Sendable, Equatable {
        var stage: String
        var number: Int
        var total: Int
        var text: String
    }

    /// A step of BuildKit's.
    private struct Vertex: Sendable {
        /// Nil where it is none of the file.
        var step: Step?
        var isDone = false
        var lines: [String] = []
    }

    /// More is not kept of a step.
    private static let mostLines = 20
    /// More steps are not looked at: no file has them.
    private static let mostSteps = 10_000
    private static let mostImages = 1_000

    /// Takes the next line in, without its end. Gives what of it is for a person; nil for nothing.
    mutating func take(_ line: String) -> String? {
        if let (number, text) = Self.vertex(of: line) { return take(text[...], of: number) }
        if let (number, total, text) = Self.classicStep(of: line) {
            state.done = number - 1
            state.total = total
            state.number = number
            state.step = text
            state.container = nil
            isCached = false
            isCopying = ["COPY ", "ADD "].contains(where: text.uppercased().hasPrefix)
            lines = []
            return line
        }
        if let id = Self.rest(of: line, after: " ---> Running in "), Self.isID(id) {
            state.container = id
            return nil
        }
        if line == " ---> Using cache" {
            isCached = true
            return nil
        }
        if let id = Self.rest(of: line, after: " ---> "), Self.isID(id) {
            // What a file begins from was there, or was pulled.
            let isMade = !isCached && !state.step.uppercased().hasPrefix("FROM ")
            if isMade, state.images.count < Self.mostImages { state.images.append(id) }
            state.container = nil
            isCopying = false
            return nil
        }
        // BuildKit repeats what has failed.
        guard failed == nil, !Self.isNoise(line) else { return nil }
        keep(line, in: &lines)
        return line
    }

    /// The build has ended well.
    mutating func finish() {
        state.total = max(state.total, 1)
        state.done = state.total
    }

    // MARK: BuildKit

    private mutating func take(_ text: Substring, of number: Int) -> String? {
        guard vertices.count < Self.mostSteps || vertices[number] != nil else { return nil }
        guard var vertex = vertices[number] else {
            let step = Self.step(of: text)
            vertices[number] = Vertex(step: step)
            guard let step else { return nil }
            totals[step.stage] = step.total
            count()
            state.step = step.text
            return String(text)
        }
        defer { vertices[number] = vertex }
        // Told again when it is gone on with.
        guard Self.step(of: text) == nil, !text.hasPrefix("sha256:") else { return nil }
        if text == "CACHED" || text.hasPrefix("DONE ") {
            vertex.isDone = true
            vertices[number] = vertex
            count()
            return nil
        }
        if text.hasPrefix("ERROR: ") {
            failed = vertex.step
            lines = vertex.lines
            return nil
        }
        guard text != "...", text != "CANCELED", vertex.step != nil else { return nil }
        // `0.135 text`: the seconds since the step was begun.
        let time = text.prefix { $0 != " " }
        let isTimed = time.contains(".") && Double(time) != nil
        let shown = String(isTimed ? text.dropFirst(time.count + 1) : text)
        keep(shown, in: &vertex.lines)
        return shown
    }

    private mutating func count() {
        state.done = vertices.values.count { $0.step != nil && $0.isDone }
        state.total = max(
            totals.values.reduce(0) { $0.addingSaturated($1) },
            vertices.values.count { $0.step != nil }
        )
        state.number = min(state.done + 1, state.total)
    }

    private func keep(_ line: String, in lines: inout [String]) {
        lines.append(line)
        if lines.count > Self.mostLines { lines.removeFirst() }
    }

    /// `#6 text`.
    private static func vertex(of line: String) -> (Int, String)? {
        guard line.hasPrefix("#") else { return nil }
        let digits = line.dropFirst().prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), line.dropFirst(1 + digits.count).first == " " else {
            return nil
        }
        return (number, String(line.dropFirst(2 + digits.count)))
    }

    /// `[2/3] RUN make`, `[build 2/3] RUN make`.
    private static func step(of text: Substring) -> Step? {
        guard text.first == "[", let end = text.firstIndex(of: "]") else { return nil }
        let words = text[text.index(after: text.startIndex)..<end].split(separator: " ")
        guard let counts = words.last?.split(separator: "/"), counts.count == 2,
            let number = Int(counts[0]), let total = Int(counts[1]), (1...mostSteps).contains(total)
        else { return nil }
        let rest = text[text.index(after: end)...].drop { $0 == " " }
        return Step(
            stage: words.dropLast().joined(separator: " "),
            number: number,
            total: total,
            text: String(rest)
        )
    }

    // MARK: The classic builder

    /// `Step 2/3 : RUN make`.
    private static func classicStep(of line: String) -> (Int, Int, String)? {
        guard let rest = rest(of: line, after: "Step ") else { return nil }
        let counts = rest.prefix { $0 != " " }.split(separator: "/")
        guard counts.count == 2, let number = Int(counts[0]), let total = Int(counts[1]),
            (1...mostSteps).contains(total), (1...total).contains(number),
            let colon = rest.firstIndex(of: ":")
        else { return nil }
        return (number, total, String(rest[rest.index(after: colon)...].drop { $0 == " " }))
    }

    private static func rest(of line: String, after start: String) -> String? {
        line.hasPrefix(start) ? String(line.dropFirst(start.count)) : nil
    }

    private static func isID(_ text: String) -> Bool {
        (12...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
            }
    }

    /// What says nothing that is not told otherwise.
    private static func isNoise(_ line: String) -> Bool {
        let beginnings = [
            "Sending build context to Docker daemon", "Removing intermediate container ",
            "Successfully built ", "Successfully tagged ", "DEPRECATED: The legacy builder",
            "            Install the buildx component",
            "            BuildKit is currently disabled",
            "            environment-variable.", "            https://docs.docker.com/go/buildx",
            "------", " > [",
        ]
        // The failure itself says so.
        if line.hasPrefix("The command '"), line.contains("returned a non-zero code: ") {
            return true
        }
        return line.allSatisfy(\.isWhitespace) || beginnings.contains(where: line.hasPrefix)
            || PullProgress.Line.isLayer(Array(line.utf8))
    }
}
