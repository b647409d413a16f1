import Client
import Deployments
import Testing

@testable import Webhooks

@Suite struct WebhookMessageTests {
    @Test(arguments: Stage.allCases)
    func eventIsGivenAsEverywhere(stage: Stage) throws {
        let event = Sample().stored(17, stage)
        let message = try #require(WebhookMessage(event))
        #expect(message.id == "evt_17")
        let json = try JSONValue(parsing: message.body)
        #expect(json.members?.map(\.name) == ["type", "timestamp", "data"])
        #expect(json["timestamp"] == json["data"]?["timestamp"])
        #expect(json["data"] == (try JSONValue(parsing: Array(event.textWithID.utf8))))
        #expect(json["data"]?["event_id"] == .integer(Int64(17)))
        let type =
            switch stage {
            case .completed: "deployment.completed"
            case .error: "deployment.failed"
            case .cancelled: "deployment.cancelled"
            case .superseded: "deployment.superseded"
            default: "deployment.stage"
            }
        #expect(json["type"]?.string == type)
    }

    @Test func whatIsNoEventOfAStageIsNotSent() {
        let id = DeploymentID()
        for (kind, text) in [
            (StoredEvent.Kind.deleted, "{}"), (.progress(.error), "{}"), (.progress(.error), "x"),
        ] {
            let event = StoredEvent(id: 1, deploymentID: id, kind: kind, text: text)
            #expect(WebhookMessage(event) == nil)
        }
    }

    @Test func answersMeanWhatTheySay() throws {
        let now = try #require(Timestamp(text: "1994-11-06T08:49:30.000000Z"))
        func outcome(_ status: Int, _ retryAfter: String? = nil) -> AttemptOutcome {
            AttemptOutcome(.init(status: status, retryAfter: retryAfter), at: now)
        }
        for status in [200, 201, 204, 299] { #expect(outcome(status) == .delivered) }
        #expect(outcome(410) == .unwanted)
        for status in [301, 302, 304, 307, 400, 404, 408, 429, 500, 502, 503, 504, 600] {
            guard case .failed(let failure) = outcome(status) else {
                Issue.record("\(status)")
                continue
            }
            #expect(failure.reason.contains("\(status)") && failure.retryAfter == nil)
        }
        for (text, pause) in [
            ("7", Duration.seconds(7)), ("0", .zero), ("-3", nil), ("86400", .seconds(3600)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", .seconds(7)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", .zero), ("soon", nil), ("7.5", nil),
            ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("99999999999999999999", .seconds(3600)),
            ("9223372036854775807", .seconds(3600)),
        ] {
            guard case .failed(let failure) = outcome(503, text) else { continue }
            #expect(failure.retryAfter == pause, "\(text)")
        }
        guard case .failed(let failure) = AttemptOutcome(.unreachable("no")) else { return }
        #expect(failure == .init(reason: "no", retryAfter: nil))
    }
}
