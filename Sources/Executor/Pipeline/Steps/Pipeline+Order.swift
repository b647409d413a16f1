import Deployments
import Engine
import Journal

extension Pipeline {
    /// Stops the previous container first if both cannot run at once: they need the same host port, or would
    /// write the same volume or folder.
    func makeWay() async throws {
        guard let known = observed.previous else { return }
        guard mayHaveToWait else {
            observed.order = Order.startFirst("both run at once").text
            return
        }
        // The engine is asked anew: if somebody has stopped it meanwhile, a failure must not start it.
        guard let previous = try await inspect(known.id), previous.running else { return }
        let order = order(besides: previous)
        observed.order = order.text
        guard case .stopFirst(_, let message) = order else { return }
        try await tell(
            plan.stage(of: .makeWay) ?? .startingContainer,
            message,
            fraction: 0.25,
            intent: .stopping(container: previous.id)
        )
        observed.wasPreviousStopped = true
        let seconds = previous.stopSeconds ?? options.stopSeconds
        try await perform { engine throws(EngineFailure) in
            try await engine.stop(previous.id, seconds: seconds)
        }
    }

    /// The order that is told if no look at the previous container was needed, or a server before this one
    /// has looked.
    var defaultOrder: String {
        observed.wasPreviousStopped
            ? "stop-first: both could not run at once" : Order.startFirst("both run at once").text
    }

    /// Which of the two containers runs first.
    private enum Order {
        case startFirst(String)
        case stopFirst(String, message: String)

        var text: String {
            switch self {
            case .startFirst(let reason): "start-first: \(reason)"
            case .stopFirst(let reason, _): "stop-first: \(reason)"
            }
        }
    }

    /// Whether the request has anything for which the previous container may have to be stopped first.
    private var mayHaveToWait: Bool {
        request.update.order == .stopFirst || request.ports.contains { $0.host != nil }
            || request.volumes.contains { !$0.isReadOnly }
    }

    private func order(besides previous: Container) -> Order {
        switch request.update.order {
        case .startFirst: return .startFirst("the request says so")
        case .stopFirst:
            return .stopFirst(
                "the request says so",
                message: "Stopping the previous container first, as the request says"
            )
        case .auto: break
        }
        if let port = sharedPort(with: previous) {
            return .stopFirst(
                "both need host port \(port)",
                message: "Stopping the previous container, which holds port \(port)"
            )
        }
        if let place = sharedPlace(with: previous) {
            return .stopFirst(
                "both write \(place)",
                message: "Stopping the previous container, which writes \(place)"
            )
        }
        return .startFirst("both run at once")
    }

    private func sharedPort(with previous: Container) -> UInt16? {
        func ports(_ table: [UInt16: [Container.Binding]]) -> Set<UInt16> {
            Set(table.values.joined().map(\.port))
        }
        let held = [
            PortMapping.Transport.tcp: ports(previous.ports), .udp: ports(previous.udpPorts),
        ]
        return request.ports.first { mapping in
            mapping.host.map { held[mapping.transport]?.contains($0) == true } ?? false
        }?.host
    }

    /// The volume or folder that both would write; nil if there is none.
    private func sharedPlace(with previous: Container) -> String? {
        for mount in request.volumes where !mount.isReadOnly {
            for other in previous.mounts where !other.isReadOnly {
                switch (mount.source, other.source) {
                case (.volume(let name), .volume(let held)) where name == held:
                    return "volume \(name)"
                case (.folder(let path), .folder(let held)):
                    let isSame =
                        path == held || path.utf8.starts(with: "\(held)/".utf8)
                        || held.utf8.starts(with: "\(path)/".utf8)
                    if isSame { return path }
                default: break
                }
            }
        }
        return nil
    }
}
