import Deployments

/// The text at the end of a deployment's line.
enum RowDetail {
    /// A message is shown only if there are at least this many columns for it.
    static let leastMessage = 24

    /// How the deployment ended: the endpoint, the cause of the failure, or the final stage.
    static func outcome(_ state: DeploymentState) -> String {
        switch state.status {
        case .success: printable(state.result?.endpointURL ?? state.stage.words)
        case .failed: "failed: \(state.failure?.code.rawValue ?? "no reason given")"
        default: state.stage.words
        }
    }

    /// The text in at most `width` columns: after a success the endpoint, after a failure its code and
    /// message, otherwise the bytes, the time left and the rate if they are known, or else the newest
    /// message.
    static func text(_ row: WatchRow, width: Int) -> String {
        guard width > 0 else { return "" }
        switch row.state.status {
        case .success:
            let endpoint = row.state.result?.endpointURL
            return DisplayWidth.fitted(printable(endpoint ?? ""), width)
        case .failed:
            let code = row.state.failure?.code.rawValue ?? ""
            let message = printable(row.state.failure?.message ?? row.state.message ?? "")
            return joined([code, message], width, shortened: true)
        case .queued, .inProgress, .cancelled, .superseded:
            let transfer = Transfer(row.detail)
            let parts = [transfer?.amount, transfer?.timeLeft, transfer?.rate]
            let text = joined(parts.compactMap(\.self), width, shortened: false)
            guard text.isEmpty, width >= leastMessage else { return text }
            return DisplayWidth.fitted(printable(row.state.message ?? ""), width)
        }
    }

    /// As many of the parts as there is room for; if `shortened` is set, also the beginning of the next
    /// one.
    private static func joined(_ parts: [String], _ width: Int, shortened: Bool) -> String {
        var text = ""
        for part in parts where !part.isEmpty {
            let longer = text.isEmpty ? part : "\(text)  \(part)"
            if DisplayWidth.of(longer) <= width {
                text = longer
            } else if shortened {
                return DisplayWidth.fitted(longer, width)
            }
        }
        return text
    }
}
