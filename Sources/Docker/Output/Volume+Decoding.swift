import Deployments
public import Engine

extension Volume {
    static let format =
        #"{"name":{{json .Name}},"labels":{{json .Labels}},"created":{{json .CreatedAt}}}"#

    /// The volumes in a command's output. Other lines are skipped.
    public static func decode(_ output: [UInt8]) -> [Volume] {
        output.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let json = try? JSONValue(parsing: Array(line)), let name = json["name"]?.string
            else { return nil }
            var volume = Volume(name: name, createdAt: json["created"]?.string ?? "")
            for member in json["labels"]?.members ?? [] {
                volume.labels[member.name] = member.value.string
            }
            volume.isAnonymous =
                volume.labels["com.docker.volume.anonymous"] != nil || isGiven(name)
            return volume
        }
    }

    /// Whether the engine has chosen the name itself. Older engines mark anonymous volumes in no other way.
    private static func isGiven(_ name: String) -> Bool {
        name.utf8.count == 64 && name.allSatisfy(\.isHexDigit)
    }
}

extension VolumeUse {
    static let format = #"{"name":{{json .Names}},"mounts":{{json .Mounts}}}"#

    /// The uses in a command's output. Other lines are skipped.
    public static func decode(_ output: [UInt8]) -> [VolumeUse] {
        output.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let json = try? JSONValue(parsing: Array(line)), let name = json["name"]?.string,
                let mounts = json["mounts"]?.string, !mounts.isEmpty
            else { return nil }
            return VolumeUse(
                container: name,
                // The name of a volume has no comma. Paths are folders of the machine.
                volumes: mounts.split(separator: ",").map(String.init).filter { !$0.hasPrefix("/") }
            )
        }
    }
}
