extension RequestDecoding {
    /// Decodes a name that can be part of a container's name, a label and a URL.
    mutating func name(_ field: String, required: Bool) -> String? {
        guard let value = given(field) else {
            if required { fault(field, "is required") }
            return nil
        }
        guard let text = string(value, field) else { return nil }
        guard (1...100).contains(text.utf8.count), Self.isName(text) else {
            fault(
                field,
                """
                must be 1 to 100 letters, digits, '_', '.' and '-', beginning with a letter or digit
                """
            )
            return nil
        }
        return text
    }

    /// Decodes the path of the folder; nil if there is none, or if it has a fault.
    mutating func folder(isNeeded: Bool) -> String? {
        guard let value = given("script_folder") else {
            if isNeeded {
                fault("script_folder", "is required; without a folder, set copy to \"none\"")
            }
            return nil
        }
        guard isNeeded else {
            fault("script_folder", "must be left out if copy is \"none\"")
            return nil
        }
        guard let text = string(value, "script_folder") else { return nil }
        guard !text.isEmpty else {
            fault("script_folder", "must not be empty")
            return nil
        }
        return text
    }

    /// Decodes a name that the engine accepts. The default is made from the app's name.
    mutating func containerName(app: String?, prefix: String) -> String? {
        let rule = """
            must be 2 to 128 letters, digits, '_', '.' and '-', beginning with a letter or digit
            """
        guard let value = given("container_name") else {
            guard let app else { return nil }
            guard Self.isContainerName(prefix + app) else {
                fault(
                    "container_name",
                    "is required, because \"\(prefix + app)\" is not allowed; it \(rule)"
                )
                return nil
            }
            return prefix + app
        }
        guard let text = string(value, "container_name") else { return nil }
        guard Self.isContainerName(text) else {
            fault("container_name", rule)
            return nil
        }
        return text
    }

    mutating func platform() -> String? {
        guard let text = string(given("platform"), "platform") else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isPart = { (part: Substring) in
            guard let first = part.utf8.first, first.isLowerAlphanumeric else { return false }
            return part.utf8.allSatisfy { $0.isLowerAlphanumeric || "_.-".utf8.contains($0) }
        }
        guard (2...3).contains(parts.count), parts.allSatisfy(isPart), text.utf8.count <= 100 else {
            fault("platform", "must be os/arch or os/arch/variant in lower case: linux/amd64")
            return nil
        }
        return text
    }

    /// Decodes an absolute path and removes repeated slashes.
    mutating func containerPath() -> String? {
        let field = "container_path"
        guard let path = absolutePath(given(field), field, "/payload/app") else { return nil }
        guard let place = EngineMounts.place(over: path) else { return path }
        fault(field, "must not lie in \(place): the engine mounts something over it")
        return nil
    }

    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isAlphanumeric else { return false }
        return text.utf8.allSatisfy(\.isNameByte)
    }

    static func isContainerName(_ text: String) -> Bool {
        (2...128).contains(text.utf8.count) && isName(text)
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isLowerAlphanumeric: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
    }

    var isAlphanumeric: Bool {
        isLowerAlphanumeric || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }

    /// Whether the byte is a letter, a digit, `_`, `.` or `-`.
    var isNameByte: Bool {
        isAlphanumeric || self == UInt8(ascii: "_") || self == UInt8(ascii: ".")
            || self == UInt8(ascii: "-")
    }
}
