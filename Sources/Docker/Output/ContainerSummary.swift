import Deployments

/// A container in a list.
public struct ContainerSummary: Sendable, Equatable {
    /// All 64 characters.
    public var id: String
    /// The container's own name.
    public var name: String
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
    public var state: String

    static let format = #"{"id":{{json .ID}},"name":{{json .Names}},"state":{{json .State}}}"#

    /// The containers in a command's output. Lines that are none are passed over.
    public static func decode(_ output: [UInt8]) -> [ContainerSummary] {
        output.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let json = try? JSONValue(parsing: Array(line)),
                let id = json["id"]?.string, let names = json["name"]?.string
            else { return nil }
            // Names that links have given it follow its own.
            let name = names.split(separator: ",").first { !$0.contains("/") }.map(String.init)
            return ContainerSummary(
                id: id,
                name: name ?? names,
                state: json["state"]?.string ?? ""
            )
        }
    }
}
