import Deployments
public import Engine

extension ContainerSummary {
    static let format = #"{"id":{{json .ID}},"name":{{json .Names}},"state":{{json .State}}}"#

    /// The containers in a command's output. Other lines are skipped.
    public static func decode(_ output: [UInt8]) -> [ContainerSummary] {
        output.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let json = try? JSONValue(parsing: Array(line)),
                let id = json["id"]?.string, let names = json["name"]?.string
            else { return nil }
            // Links give a container more names, which contain a slash.
            let name = names.split(separator: ",").first { !$0.contains("/") }.map(String.init)
            return ContainerSummary(
                id: id,
                name: name ?? names,
                status: Container.Status(word: json["state"]?.string ?? "")
            )
        }
    }
}
