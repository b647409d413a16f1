public import Deployments

/// The lines that say why a deployment did not succeed, and what to do.
public enum FailureBlock {
    /// The lines below the one that says that the deployment failed, indented by `indent` blanks.
    ///
    /// `failure` is the member of that name of an event or a record; fields that it lacks are left out. Its
    /// message is left out if `repeats` is the same text.
    public static func lines(
        _ failure: JSONValue,
        repeats said: String? = nil,
        indent: Int,
        style: TextStyle
    ) -> [String] {
        var block = FieldBlock()
        block.add("code", failure["code"]?.string, .red)
        block.add("stage", failure["stage"]?.string.map { Stage(rawValue: $0)?.words ?? $0 })
        if let message = failure["message"]?.string, said?.hasSuffix(message) != true {
            block.add("message", message)
        }
        block.add("exit code", failure["exit_code"]?.integer.map { "\($0)" })
        block.add("hint", failure["hint"]?.string, .bold)
        block.add("undone", each: strings(failure["undone"]))
        block.add("left", each: strings(failure["left"]), .yellow)
        block.add("output", quoted: strings(failure["output_tail"]))
        block.add("container log", quoted: strings(failure["container_log_tail"]))
        block.add("container log", failure["container_log_note"]?.string)
        return block.lines(indent: indent, style)
    }

    private static func strings(_ value: JSONValue?) -> [String] {
        value?.elements?.compactMap(\.string) ?? []
    }
}
