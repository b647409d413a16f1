import Deployments
import Testing

@Suite struct EventTests {
    private let id = DeploymentID()
    private let moment = Timestamp(microseconds: 1_795_257_000_123_456)

    private func result(success: Bool) -> DeploymentResult {
        var result = DeploymentResult(
            success: success,
            message: "As \"asked\"\n",
            containerName: "shop",
            image: "a/b:1"
        )
        result.endpointURL = "http://localhost:1"
        result.containerID = "0123456789ab"
        result.imageDigest = "sha256:1"
        result.imageID = "sha256:2"
        result.urls = ["web": "http://localhost:1", "aux": "http://localhost:2"]
        result.healthStatus = ["web": true, "aux": false]
        result.durations = [(.pullingImage, 812), (.healthCheck, 3)]
        result.replaced = "ba9876543210"
        return result
    }

    @Test func everyStagesEventSurvivesItsText() throws {
        for stage in Stage.allCases {
            let outcome = Event.Outcome(
                result: result(success: stage == .completed),
                failure: stage == .completed
                    ? nil
                    : Failure(
                        code: .imageNotFound,
                        stage: .pullingImage,
                        message: "No such image",
                        hint: "Push it",
                        exitCode: 1,
                        outputTail: ["a", "b"],
                        containerLogTail: ["c"],
                        containerLogNote: "n",
                        undone: ["d"],
                        left: ["e"]
                    )
            )
            let event = Event(
                deploymentID: id,
                timestamp: moment,
                message: "Line\nline",
                stage: stage,
                progress: 7,
                detail: ["bytes_done": .integer(1)],
                outcome: stage.isFinal ? outcome : nil
            )
            let text = event.json.text
            #expect(!text.contains("\n"))
            let json = try JSONValue(parsing: Array(text.utf8))
            #expect(Event(json: json) == event)
            #expect(json.text == text)
            #expect((json["result"] != nil) == stage.isFinal)
            #expect((json["error"] != nil) == (stage.isFinal && stage != .completed))
        }
    }

    @Test func membersStandInTheirDocumentedOrder() {
        let event = Event(
            deploymentID: id,
            timestamp: moment,
            message: "m",
            stage: .error,
            progress: 100,
            detail: [:],
            outcome: Event.Outcome(
                result: result(success: false),
                failure: Failure(code: .stalled, stage: .pullingImage, message: "f", hint: "h")
            )
        )
        #expect(
            event.json.members?.map(\.name) == [
                "deployment_id", "timestamp", "message", "stage", "progress", "detail", "result",
                "error", "failure",
            ]
        )
    }

    @Test(arguments: ["deployment_id", "timestamp", "message", "stage", "progress"])
    func eventWithoutAMemberIsUnreadable(_ name: String) {
        let event = Event(
            deploymentID: id,
            timestamp: moment,
            message: "m",
            stage: .queued,
            progress: 0
        )
        let members = event.json.members ?? []
        #expect(Event(json: .object(members.filter { $0.name != name })) == nil)
    }

    @Test func deploymentIDIsALowerCaseUUID() {
        #expect(DeploymentID(id.text) == id)
        #expect(DeploymentID(id.text.uppercased()) == nil)
        for text in [
            "", "\(id.text) ", String(id.text.dropLast()), "\(id.text.dropLast())g",
            id.text.replacing("-", with: "0"), "0\(id.text.dropFirst(2))-",
        ] {
            #expect(DeploymentID(text) == nil, "\(text)")
        }
        #expect(DeploymentID(id.text + "0") == nil)
        #expect(DeploymentID("{\(id.text)}") == nil)
    }

    @Test(arguments: CopyOrder.allCases)
    func bandsRiseInThePipelinesOrder(_ copy: CopyOrder) {
        let bands = Stage.pipeline(copy).map { $0.band(copy) }
        for (before, after) in zip(bands, bands.dropFirst()) {
            #expect(before.upperBound < after.lowerBound)
        }
        #expect(Set(Stage.pipeline(copy)).count == 6)
    }
}
