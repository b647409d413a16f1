/// Decodes how the image is built.
extension RequestDecoding {
    /// The build; nil if there is none, or if it has a fault.
    mutating func build() -> ImageBuild? {
        guard let members = object(given("build"), "build") else { return nil }
        refuseUnknown(members, known: ["dockerfile", "target", "args"], path: "build.")
        for name in ["registry_image", "registry_auth"] where given(name) != nil {
            fault(name, "must be left out if there is a build")
        }
        if given("pull")?.string == PullPolicy.never.rawValue {
            fault(
                "pull",
                "must not be \"never\" if there is a build, because its file names images"
            )
        }
        var build = ImageBuild()
        if let text = string(Self.given("dockerfile", in: members), "build.dockerfile") {
            build.dockerfile = DeploymentSource.relativePath(text) ?? ""
            // Docker takes a dash for its standard input.
            if ["", "-"].contains(build.dockerfile) {
                fault(
                    "build.dockerfile",
                    "must be the path of a file in the source, relative to it and without '..'"
                )
            }
        }
        if let text = string(Self.given("target", in: members), "build.target") {
            build.target = text
            if text.utf8.count > 128 || !Self.isName(text) {
                fault(
                    "build.target",
                    "must be at most 128 letters, digits, '_', '.' and '-', beginning with a letter or"
                        + " digit"
                )
            }
        }
        build.arguments = arguments(Self.given("args", in: members))
        return build
    }

    /// The greatest number of arguments.
    private static let argumentLimit = 100

    private mutating func arguments(_ value: JSONValue?) -> [String: String] {
        var values: [String: String] = [:]
        let members = object(value, "build.args") ?? []
        guard members.count <= Self.argumentLimit else {
            fault("build.args", "must not have more than \(Self.argumentLimit) arguments")
            return values
        }
        for member in members {
            let field = "build.args.\(member.name.excerpt)"
            if let reason = ImageBuild.faultOfArgument(member.name) {
                fault(field, reason)
                continue
            }
            guard let text = variable(member.value, field) else { continue }
            values[member.name] = text
        }
        return values
    }
}
