import Engine

/// Reads what `docker build` writes if there is no terminal: the classic builder's lines
/// (`Step 2/3 : RUN make`), or BuildKit's, which may be about several steps at once
/// (`#6 [2/3] RUN make`).
///
/// The classic builder passes on the output of a step's program unchanged, so a program can imitate any
/// of its lines. Therefore, steps count only in their order, and of several lines that name an image the
/// last one counts.
struct BuildProgress: Sendable {
    private(set) var state = BuildReport.State()
    /// The step that has failed under BuildKit, and the reason.
    private(set) var failed: (step: Step, reason: String)?
    /// Whether the classic builder is at a step that cannot be interrupted.
    private(set) var isCopying = false

    /// A step of the file, and the name of its stage.
    struct Step: Sendable, Equatable {
        var stage: String
        var number: Int
        var total: Int
        var text: String
    }

    /// The builder that writes. The first line that only one of them can write shows which.
    private enum Builder {
        case classic
        case buildKit
    }

    private var builder: Builder?
    /// The last lines for a person, each with the number of its step.
    private var tail: [(step: Int, line: String)] = []

    // The step of the classic builder.
    private var isFirst = false
    private var isCached = false
    /// The image that the step has made, according to the last line that names one.
    private var made: String?

    // The steps of BuildKit.
    private var vertices: [Int: Vertex] = [:]
    private var begun = 0
    /// The number of steps in each stage of the file, and in all of them together.
    private var totals: [String: Int] = [:]
    private var sum = 0

    /// One of the things that BuildKit does and numbers.
    private struct Vertex: Sendable {
        /// The step of the file; nil if the file does not have it.
        var step: Step?
        var isDone = false
    }

    // The limits of what is kept. No file needs more.
    private static let mostSteps = 1_000
    private static let mostLines = 20
    private static let longestStep = 300
    private static let longestStage = 60
    private static let longestLine = 1_000

    /// The last lines of the step that has failed, or else of the one that was begun last.
    var lines: [String] {
        let number = failedVertex ?? state.number
        return tail.filter { builder == .buildKit && failedVertex == nil || $0.step == number }
            .suffix(Self.mostLines).map(\.line)
    }

    private var failedVertex: Int?
    private var hasFailed = false

    /// Takes the next line, without its line feed. Gives what a person should see of it, if anything.
    mutating func take(_ line: String) -> String? {
        if builder != .classic, let (number, text) = Self.vertex(of: line) {
            builder = .buildKit
            return take(text, of: number)
        }
        if builder != .buildKit, line.hasPrefix("Step "), let step = Self.classicStep(of: line),
            step.number == state.number + 1, state.total == 0 || step.total == state.total
        {
            builder = .classic
            begin(step)
            return line.shortened(to: Self.longestLine)
        }
        if builder == .classic, takeResult(line) { return nil }
        guard !isNoise(line) else { return nil }
        return keep(line, of: state.number)
    }

    /// The build has succeeded.
    mutating func finish() {
        settle()
        state.total = max(state.total, 1)
        state.done = state.total
    }

    /// Keeps a line, and gives what is shown of it.
    private mutating func keep(_ line: some StringProtocol, of step: Int) -> String {
        let shown = line.shortened(to: Self.longestLine)
        tail.append((step, shown))
        if tail.count > 10 * Self.mostLines { tail.removeFirst(5 * Self.mostLines) }
        return shown
    }

    // MARK: The classic builder

    private mutating func begin(_ step: Step) {
        settle()
        state.done = step.number - 1
        state.total = step.total
        state.number = step.number
        state.step = step.text
        let word = step.text.prefix { $0 != " " }.uppercased()
        // The image that a file begins from was not made by the step.
        isFirst = word == "FROM"
        isCopying = ["COPY", "ADD"].contains(word)
        isCached = false
    }

    /// The step is done.
    private mutating func settle() {
        if let made, !isCached, !isFirst, state.images.count < Self.mostSteps {
            state.images.append(made)
        }
        made = nil
        state.container = nil
    }

    /// Takes a line that says what the builder has made. False if the line is another one.
    private mutating func takeResult(_ line: String) -> Bool {
        guard let text = Self.rest(of: line, after: " ---> ") else { return false }
        if text == "Using cache" {
            isCached = isCached || state.container == nil
            return true
        }
        if let id = Self.rest(of: text, after: "Running in "), Self.isID(id) {
            if state.container == nil { state.container = id }
            return true
        }
        guard Self.isID(text) else { return false }
        made = text
        isCopying = false
        return true
    }

    /// `Step 2/3 : RUN make`.
    private static func classicStep(of line: String) -> Step? {
        guard let rest = rest(of: line, after: "Step ") else { return nil }
        let counts = rest.prefix { $0 != " " }.split(separator: "/")
        guard counts.count == 2, let number = Int(counts[0]), let total = Int(counts[1]),
            (1...mostSteps).contains(total), (1...total).contains(number),
            let colon = rest.firstIndex(of: ":")
        else { return nil }
        let text = rest[rest.index(after: colon)...].drop { $0 == " " }
        return Step(
            stage: "",
            number: number,
            total: total,
            text: text.shortened(to: longestStep)
        )
    }

    private static func isID(_ text: String) -> Bool {
        (12...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    // MARK: BuildKit

    private mutating func take(_ text: Substring, of number: Int) -> String? {
        guard var vertex = vertices[number] else {
            guard vertices.count < Self.mostSteps else { return nil }
            let step = Self.step(of: text)
            vertices[number] = Vertex(step: step)
            guard let step else { return nil }
            begun += 1
            sum += step.total - (totals[step.stage] ?? 0)
            totals[step.stage] = step.total
            state.total = max(sum, begun)
            state.number = begun
            state.step = step.text
            return text.shortened(to: Self.longestStep)
        }
        // The builder repeats this when it goes on with the step.
        if text.hasPrefix("["), Self.step(of: text) != nil { return nil }
        if text == "CACHED" || text.hasPrefix("DONE ") {
            if !vertex.isDone, vertex.step != nil { state.done += 1 }
            vertex.isDone = true
            vertices[number] = vertex
            return nil
        }
        if let reason = Self.rest(of: text, after: "ERROR: ") {
            hasFailed = true
            if let step = vertex.step { (failed, failedVertex) = ((step, reason), number) }
            return nil
        }
        guard vertex.step != nil, text != "...", text != "CANCELED", !text.hasPrefix("sha256:")
        else { return nil }
        // `0.135 text` begins with the seconds since the step was begun.
        let time = text.prefix { $0 != " " }
        let isTimed = time.contains(".") && Double(time) != nil
        return keep(isTimed ? text.dropFirst(time.count + 1) : text, of: number)
    }

    /// `#6 text`.
    private static func vertex(of line: String) -> (Int, Substring)? {
        guard line.hasPrefix("#") else { return nil }
        let digits = line.dropFirst().prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), line.dropFirst(1 + digits.count).first == " " else {
            return nil
        }
        return (number, line.dropFirst(2 + digits.count))
    }

    /// `[2/3] RUN make`, `[build 2/3] RUN make`.
    private static func step(of text: Substring) -> Step? {
        guard text.first == "[", let end = text.firstIndex(of: "]") else { return nil }
        let words = text[text.index(after: text.startIndex)..<end].split(separator: " ")
        guard let counts = words.last?.split(separator: "/"), counts.count == 2,
            let number = Int(counts[0]), let total = Int(counts[1]),
            (1...mostSteps).contains(total)
        else { return nil }
        let rest = text[text.index(after: end)...].drop { $0 == " " }
        return Step(
            stage: words.dropLast().joined(separator: " ").shortened(to: longestStage),
            number: number,
            total: total,
            text: rest.shortened(to: longestStep)
        )
    }

    // MARK: Both builders

    private static func rest(of line: some StringProtocol, after start: String) -> String? {
        line.hasPrefix(start) ? String(line.dropFirst(start.count)) : nil
    }

    private static let introductions = [
        "Sending build context to Docker daemon", "DEPRECATED: The legacy builder",
        "            Install the buildx component", "            BuildKit is currently disabled",
        "            environment-variable.", "            https://docs.docker.com/go/buildx",
    ]

    /// Whether a line says nothing new to a person.
    private func isNoise(_ line: String) -> Bool {
        if line.allSatisfy(\.isWhitespace) { return true }
        switch builder {
        case nil: return Self.introductions.contains(where: line.hasPrefix)
        case .classic:
            if isFirst, PullProgress.Line.isLayer(Array(line.utf8)) { return true }
            if line.hasPrefix("The command '"), line.contains("returned a non-zero code: ") {
                return true
            }
            if let id = Self.rest(of: line, after: "Removing intermediate container ") {
                return Self.isID(id)
            }
            guard state.number == state.total else { return false }
            return Self.rest(of: line, after: "Successfully built ").map(Self.isID) ?? false
                || line.hasPrefix("Successfully tagged ")
        // After a failure, BuildKit repeats the lines of the step.
        case .buildKit: return hasFailed
        }
    }
}

extension StringProtocol {
    /// The text, or its beginning if it has more bytes than that.
    fileprivate func shortened(to count: Int) -> String {
        guard utf8.count > count else { return String(self) }
        return String(decoding: Array(utf8.prefix(count)), as: UTF8.self) + "…"
    }
}
