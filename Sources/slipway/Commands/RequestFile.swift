import Deployments
import Foundation

/// The request in a JSON file, with the changes that the command line makes.
struct RequestFile: Sendable {
    /// The request as it is sent.
    private(set) var json: JSONValue

    static let options: [Option] = [
        Option(
            name: "image",
            value: "IMAGE",
            help: "deploy this image instead of the file's registry_image",
            hasVariable: false
        ),
        Option(
            name: "source",
            value: "DIR|URL",
            help: "deploy the files of this folder or git repository",
            hasVariable: false,
            completion: .files
        ),
        Option(
            name: "env",
            value: "NAME[=VALUE]",
            help:
                "set one of env_vars; without =VALUE, copy it from the environment of this command",
            isRepeatable: true,
            hasVariable: false
        ),
        Option(
            name: "set",
            value: "FIELD=JSON",
            help: "set any field of the request",
            isRepeatable: true,
            hasVariable: false,
            completion: .words(DeploymentRequest.fieldNames.map { "\($0)=" })
        ),
    ]

    private static let limit = 1 << 20

    /// Reads the file, or standard input for `-`, and applies the options to it.
    ///
    /// A `script_folder` that is not absolute is relative to the file's folder or, for standard input,
    /// to the working directory.
    init(_ path: String, _ values: OptionValues, _ environment: [String: String]) throws(UsageError)
    {
        let name = path == "-" ? "standard input" : path
        let content: Data?
        var isRegular = false
        if path == "-" {
            content = try? FileHandle.standardInput.read(upToCount: Self.limit + 1) ?? Data()
        } else {
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
                throw .input("\(path): no such file")
            }
            guard attributes[.type] as? FileAttributeType != .typeDirectory else {
                throw .input("\(path) is a folder, not a JSON file")
            }
            let real = URL(filePath: path).resolvingSymlinksInPath().path
            let type = (try? FileManager.default.attributesOfItem(atPath: real))?[.type]
            isRegular = type as? FileAttributeType == .typeRegular
            let file = FileHandle(forReadingAtPath: path)
            content = try? file?.read(upToCount: Self.limit + 1) ?? Data()
        }
        guard let content else { throw .input("\(name) cannot be read") }
        guard content.count <= Self.limit else { throw .input("\(name) is larger than 1 MiB") }
        guard !content.isEmpty else { throw .input("\(name) is empty; it must hold a JSON object") }
        do throws(JSONSyntaxError) {
            json = try JSONValue(parsing: Array(content))
        } catch {
            throw .input("\(name) is not JSON: \(error.reason)")
        }
        guard json.members != nil else { throw .input("\(name) must hold a JSON object") }
        try override(values, environment)
        if let folder = json["script_folder"]?.string, !folder.isEmpty, !folder.hasPrefix("/") {
            let base =
                isRegular
                ? URL(filePath: path).deletingLastPathComponent().path
                : FileManager.default.currentDirectoryPath
            let whole = URL(
                filePath: folder,
                relativeTo: URL(filePath: base, directoryHint: .isDirectory)
            )
            set("script_folder", .string(whole.standardizedFileURL.path))
        }
        try check(name)
    }

    private mutating func override(
        _ values: OptionValues,
        _ environment: [String: String]
    ) throws(UsageError) {
        for text in values.texts("set") {
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
                throw UsageError("--set \(text): it must be FIELD=JSON")
            }
            let value = String(text[text.index(after: equals)...])
            do throws(JSONSyntaxError) {
                set(String(text[..<equals]), try JSONValue(parsing: Array(value.utf8)))
            } catch {
                throw UsageError(
                    "--set \(text[..<equals]): the value is not JSON (\(error.reason));"
                        + " a text needs quotes, as in --set '\(text[..<equals])=\"…\"'"
                )
            }
        }
        if let source = values.text("source") { try setSource(source) }
        if let image = values.text("image") { set("registry_image", .string(image)) }
        let given = json["env_vars"] ?? .null
        guard given.isNull || given.members != nil || values.texts("env").isEmpty else {
            throw .input("env_vars must be an object for --env to add to")
        }
        var variables = given.members ?? []
        for text in values.texts("env") {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map(String.init)
            let name = parts[0]
            guard let value = parts.count == 2 ? parts[1] : environment[name] else {
                throw UsageError("--env \(name): the environment has no such variable")
            }
            variables.removeAll { $0.name == name }
            variables.append(JSONMember(name, .string(value)))
        }
        if !values.texts("env").isEmpty { set("env_vars", .object(variables)) }
    }

    /// Takes a folder of this machine, or the location of a repository, as the source.
    private mutating func setSource(_ text: String) throws(UsageError) {
        var isFolder: ObjCBool = false
        if unsafe FileManager.default.fileExists(atPath: text, isDirectory: &isFolder) {
            guard isFolder.boolValue else { throw .input("--source \(text): it is not a folder") }
            let base = URL(
                filePath: FileManager.default.currentDirectoryPath,
                directoryHint: .isDirectory
            )
            let whole = URL(filePath: text, relativeTo: base).standardizedFileURL
            set("script_folder", .string(whole.path))
            remove("source")
            return
        }
        do throws(GitLocation.Refused) {
            let location = try GitLocation(text)
            guard location.way != .path else { throw GitLocation.Refused("no such folder") }
            set("source", ["git": .string(location.text)])
            remove("script_folder")
        } catch {
            throw .input(
                "--source \(text): there is no such folder, and a repository's place "
                    + error.reason
            )
        }
    }

    /// The folder to be deployed if it is on this machine, otherwise nil.
    var localFolder: String? {
        guard let folder = json["script_folder"]?.string else { return nil }
        var isFolder: ObjCBool = false
        let isThere = unsafe FileManager.default.fileExists(
            atPath: folder,
            isDirectory: &isFolder
        )
        return isThere && isFolder.boolValue ? folder : nil
    }

    /// The Dockerfile's path in the folder; nil if no image is built.
    var dockerfile: String? {
        guard let build = json["build"], !build.isNull else { return nil }
        return build["dockerfile"]?.string.flatMap { DeploymentSource.relativePath($0) }
            ?? ImageBuild().dockerfile
    }

    /// Replaces the folder with an archive.
    mutating func replaceFolder(withArchive id: String) {
        remove("script_folder")
        set("source", ["archive": .string(id)])
    }

    private mutating func remove(_ field: String) {
        json = .object((json.members ?? []).filter { $0.name != field })
    }

    private mutating func set(_ field: String, _ value: JSONValue) {
        var members = json.members ?? []
        if let place = members.firstIndex(where: { $0.name == field }) {
            members[place] = JSONMember(field, value)
        } else {
            members.append(JSONMember(field, value))
        }
        json = .object(members)
    }

    /// Checks the request as the server does, except for what depends on the server's defaults.
    private func check(_ name: String) throws(UsageError) {
        do throws(RequestFaults) {
            var defaults = RequestDefaults()
            defaults.allowsPrivileges = true
            _ = try RequestDecoder(defaults: defaults).decode(json)
        } catch {
            let faults = error.faults.filter { fault in
                let field = fault.field.split(separator: ".").first.map(String.init) ?? ""
                let dependsOnPorts = field == "health" || field == "network"
                return !(dependsOnPorts && json["ports"] == nil)
                    && !(field == "container_name" && json["container_name"] == nil)
            }
            guard !faults.isEmpty else { return }
            let lines = faults.map { "  \($0.field.isEmpty ? "" : "\($0.field): ")\($0.message)" }
            throw .input("\(name) is not a valid request:\n\(lines.joined(separator: "\n"))")
        }
    }
}
