/// Decodes the source of the files.
extension RequestDecoding {
    private static let sourceFields = ["git", "ref", "subfolder", "submodules", "archive"]

    /// Decodes the folder, the repository or the archive; nil if there is none, or if it has a
    /// fault.
    ///
    /// - Parameter isNeeded: whether anything is copied or built.
    mutating func source(isNeeded: Bool) -> DeploymentSource? {
        guard let value = given("source") else {
            return folder(isNeeded: isNeeded).map { .folder($0) }
        }
        guard given("script_folder") == nil else {
            fault("source", "must be left out if there is a script_folder")
            return nil
        }
        guard isNeeded else {
            fault("source", "must be left out if copy is \"none\"")
            return nil
        }
        guard let members = object(value, "source") else { return nil }
        refuseUnknown(members, known: Self.sourceFields, path: "source.")
        let git = Self.given("git", in: members)
        let archive = Self.given("archive", in: members)
        guard (git == nil) != (archive == nil) else {
            fault("source", "must have either git or archive")
            return nil
        }
        if let git { return gitSource(git, members).map { .git($0) } }
        for name in ["ref", "subfolder", "submodules"] where Self.given(name, in: members) != nil {
            fault("source.\(name)", "is allowed only with git")
        }
        return string(archive, "source.archive").flatMap { archiveID($0) }.map { .archive($0) }
    }

    private mutating func archiveID(_ text: String) -> String? {
        let prefix = DeploymentSource.archivePrefix
        let id = text.dropFirst(prefix.count)
        guard text.hasPrefix(prefix), id.utf8.count == 64, id.utf8.allSatisfy(\.isLowerHex) else {
            fault("source.archive", "must be sha256: and 64 hexadecimal digits")
            return nil
        }
        return String(id)
    }

    private mutating func gitSource(_ value: JSONValue, _ members: [JSONMember]) -> GitSource? {
        let ref = string(Self.given("ref", in: members), "source.ref")
        if let ref, let reason = GitSource.faultOfRef(ref) { fault("source.ref", reason) }
        let subfolder = string(Self.given("subfolder", in: members), "source.subfolder")
            .flatMap { pathInSource($0, "source.subfolder") }
        var submodules = false
        if let value = Self.given("submodules", in: members) {
            if let flag = value.bool {
                submodules = flag
            } else {
                fault("source.submodules", "must be true or false")
            }
        }
        guard let text = string(value, "source.git") else { return nil }
        do throws(GitLocation.Refused) {
            var source = GitSource(try GitLocation(text))
            source.ref = ref
            source.subfolder = subfolder
            source.submodules = submodules
            return source
        } catch {
            fault("source.git", error.reason)
            return nil
        }
    }

    /// Decodes a relative path without `.` and empty parts; nil stands for the whole source.
    mutating func pathInSource(_ text: String, _ field: String) -> String? {
        guard let path = DeploymentSource.relativePath(text) else {
            fault(field, "must be a relative path, without '..'")
            return nil
        }
        return path.isEmpty ? nil : path
    }

    /// Decodes the credentials for a repository.
    mutating func sourceAuth(_ source: DeploymentSource?) -> Credentials? {
        guard let auth = credentials("source_auth") else { return nil }
        if case .git(let git) = source, git.location.way == .https { return auth }
        if source != nil || given("source") == nil {
            fault("source_auth", "is allowed only with a source.git that begins with https://")
        }
        return nil
    }
}
