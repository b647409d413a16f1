import Deployments

extension EventLines {
    /// The lines below the line of a final event; `said` is the event's message.
    func lines(_ outcome: Event.Outcome, said: String) -> [String] {
        var lines: [String] = []
        if let failure = outcome.failure {
            let json = failure.json
            lines += FailureBlock.lines(json, repeats: said, indent: Self.margin, style: style)
        }
        let result = outcome.result
        var block = FieldBlock()
        if result.success {
            block.add("endpoint", result.endpointURL, .bold)
            Self.add(urlsOf: result, to: &block)
            block.add("replaced", result.replaced.map { "container \($0)" })
        }
        if detail != .normal {
            block.add("container", result.containerName)
            block.add("container id", result.containerID)
            block.add("files of", SourceText.text(result.source))
            block.add("image", result.image)
            block.add("image digest", result.imageDigest)
            block.add("image id", result.imageID)
            block.add(
                "took",
                each: result.durations.map { stage, milliseconds in
                    "\(stage.words) \(DurationText.precise(milliseconds: milliseconds))"
                }
            )
        }
        return lines + block.lines(indent: Self.margin, style)
    }

    private static func add(urlsOf result: DeploymentResult, to block: inout FieldBlock) {
        for (name, url) in result.urls.sorted(by: { $0.key < $1.key }) {
            let health = result.healthStatus[name]
            // The line of the endpoint says enough about this port as long as it is healthy.
            if url == result.endpointURL, health != false { continue }
            block.add(name, [url, Self.health(health)].joined(separator: "  "), Self.tint(health))
        }
    }

    static func health(_ isHealthy: Bool?) -> String {
        switch isHealthy {
        case true?: "✓ healthy"
        case false?: "✗ not healthy"
        case nil: "not probed"
        }
    }

    static func tint(_ isHealthy: Bool?) -> TextStyle.Tint? {
        isHealthy == false ? .yellow : nil
    }
}
