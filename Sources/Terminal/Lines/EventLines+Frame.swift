public import Deployments

extension EventLines {
    private static let greatestRule = 60

    /// The lines above the events: the names of the watched deployments between two rules. `width` is the
    /// terminal's width; without it the rules are 60 columns wide.
    public func header(_ state: WatchState, width: Int? = nil) -> [String] {
        let rule = rule(width)
        guard let first = state.rows.first, state.rows.count == 1 else {
            let count = state.rows.count
            return [rule, style.bold("Watching \(count) deployments"), rule]
        }
        let name = printable(first.name)
        return [
            rule,
            style.bold("Watching deployment: \(name)"),
            style.dim(printable("\(first.id) in \(first.environment)")),
            rule,
        ]
    }

    /// The lines below the events: between two rules, how the deployments ended, or that they go on.
    public func footer(_ state: WatchState, now: Timestamp, width: Int? = nil) -> [String] {
        let rule = rule(width)
        return [rule, verdict(state, now: now), rule]
    }

    private func rule(_ width: Int?) -> String {
        let columns = min(Self.greatestRule, max(1, (width ?? Self.greatestRule + 1) - 1))
        return style.dim(String(repeating: "━", count: columns))
    }

    private func verdict(_ state: WatchState, now: Timestamp) -> String {
        let time = DurationText.text(milliseconds: state.elapsed(now))
        guard let first = state.rows.first else { return style.dim("○ No deployments") }
        guard state.rows.count == 1 else { return verdictOfMany(state, time) }
        let status = first.state.status
        let sign = StatusSign(status)
        let text =
            switch status {
            case .queued: "Deployment still queued after \(time)"
            case .inProgress: "Deployment still running after \(time)"
            default: "Deployment \(sign.word) after \(time)"
            }
        switch status {
        case .success:
            return style.paint("\(sign.sign) Deployment completed in \(time)", sign.tint)
        case .failed:
            let code = first.state.failure.map { ": \($0.code.rawValue)" } ?? ""
            return style.paint("\(sign.sign) \(text)\(code)", sign.tint)
        default:
            return style.paint("\(sign.sign) \(text)", sign.tint)
        }
    }

    private func verdictOfMany(_ state: WatchState, _ time: String) -> String {
        let order: [DeploymentStatus] = [
            .success, .failed, .cancelled, .superseded, .inProgress, .queued,
        ]
        let parts = order.compactMap { status -> String? in
            let count = state.count(status)
            return count == 0 ? nil : "\(count) \(StatusSign(status).word)"
        }
        let worst: DeploymentStatus =
            [.failed, .inProgress, .queued, .cancelled, .superseded]
            .first { state.count($0) > 0 } ?? .success
        let sign = StatusSign(worst)
        return style.paint("\(sign.sign) \(parts.joined(separator: ", ")) in \(time)", sign.tint)
    }
}
