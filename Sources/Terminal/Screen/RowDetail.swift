import Deployments

/// What stands at the end of a deployment's line.
enum RowDetail {
    /// A message shorter than this says nothing.
    static let leastMessage = 24

    /// What came of a deployment, the most important first.
    static func outcome(_ state: DeploymentState) -> String {
        switch state.status {
        case .success: printable(state.result?.endpointURL ?? state.stage.words)
        case .failed: "failed: \(state.failure?.code.rawValue ?? "no reason given")"
        default: state.stage.words
        }
    }

    /// In at most `width` columns: the bytes, the rate and the time left where they are known;
    /// after a success the endpoint, after a failure its code and message; otherwise what was
    /// told last.
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

    /// As many of the parts as there is room for; where `shortened`, a piece of the next.
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
