import Deployments
public import Engine
import Subprocess

extension DockerEngine {
    /// The volumes that have these names. Names without a volume are left out.
    public func volumes(_ names: [String]) async throws(EngineFailure) -> [Volume] {
        guard !names.isEmpty else { return [] }
        let command = DockerCommand.volumeInspect(names)
        let outcome = await outcome(limited(command))
        guard outcome.succeeded || outcome.saysMissing else {
            throw failure(outcome, of: command)
        }
        return Volume.decode(outcome.output)
    }

    /// The volumes that carry a label.
    public func volumes(labelled label: String) async throws(EngineFailure) -> [Volume] {
        let output = try await ask(.volumesByLabel(label)).output
        let names = output.split(separator: UInt8(ascii: "\n"))
            .map { String(decoding: $0, as: UTF8.self) }
        var volumes: [Volume] = []
        var rest = names[...]
        while !rest.isEmpty {
            volumes += try await self.volumes(Array(rest.prefix(100)))
            rest = rest.dropFirst(100)
        }
        return volumes
    }

    /// Makes a volume. If there is one of that name, it stays as it is.
    public func createVolume(
        _ name: String,
        labels: [String: String]
    ) async throws(EngineFailure) {
        try await change(.volumeCreate(name, labels: labels))
    }

    /// Removes a volume that nothing uses.
    public func removeVolume(_ name: String) async throws(EngineFailure) {
        try await change(.volumeRemove(name))
    }

    /// The volumes that containers use, running or not.
    public func volumeUses() async throws(EngineFailure) -> [VolumeUse] {
        VolumeUse.decode(try await ask(.volumeUses()).output)
    }

    /// The sizes of the volumes in bytes, by name, as far as the engine knows them.
    public func volumeSizes() async throws(EngineFailure) -> [String: Int64] {
        var sizes: [String: Int64] = [:]
        let output = try await ask(.volumeSizes()).output
        for line in output.split(separator: UInt8(ascii: "\n")) {
            guard let json = try? JSONValue(parsing: Array(line)), let name = json["Name"]?.string
            else { continue }
            sizes[name] = (json["Size"]?.string).flatMap(Self.bytes)
        }
        return sizes
    }

    /// The bytes that the client writes as `1.5kB`; nil for other text.
    static func bytes(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let factors = ["B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15]
        guard let number = Double(digits),
            let factor = factors[text.dropFirst(digits.count).uppercased()],
            number * factor < 9e18
        else { return nil }
        return Int64(number * factor)
    }
}
