import Deployments
public import Engine

extension Image {
    static let format =
        #"{"id":{{json .ID}},"digests":{{json .RepoDigests}},"tags":{{json .RepoTags}},"os":{{json .Os}},"#
        + #""architecture":{{json .Architecture}},"variant":{{json .Variant}},"#
        + #""config":{{json .Config}}}"#

    /// The image in a command's output; nil if there is none.
    public static func decode(_ output: [UInt8]) -> Image? {
        output.split(separator: UInt8(ascii: "\n")).lazy.compactMap { line in
            (try? JSONValue(parsing: Array(line))).flatMap(Image.init(json:))
        }.first
    }

    private init?(json: JSONValue) {
        guard let id = json["id"]?.string else { return nil }
        self.init(
            id: id,
            repoDigests: Self.names(json["digests"]),
            os: json["os"]?.string ?? "",
            architecture: json["architecture"]?.string ?? ""
        )
        variant = json["variant"]?.string ?? ""
        repoTags = Self.names(json["tags"])
        user = json["config"]?["User"]?.string ?? ""
        let check = json["config"]?["Healthcheck"]?["Test"]?.elements?.first?.string
        hasHealthcheck = check != nil && check != "NONE"
        hasCommand = ["Cmd", "Entrypoint"].contains { name in
            json["config"]?[name]?.elements?.isEmpty == false
        }
    }

    /// The names in a list. Some engines say `<none>:<none>` or `<none>@<none>` if an image has no name.
    private static func names(_ json: JSONValue?) -> [String] {
        (json?.elements?.compactMap(\.string) ?? []).filter { !$0.hasPrefix("<none>") }
    }
}
