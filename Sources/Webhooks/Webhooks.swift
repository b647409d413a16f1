internal import Client
internal import Deployments
public import Journal
internal import Synchronization

/// Sends every stage change and final event to the URLs that are named, signed as Standard Webhooks
/// (https://www.standardwebhooks.com) do.
///
/// Each is sent until it is acknowledged (status 200 to 299), also after a restart, for three days
/// at least: so it may come more than once, always under the same `webhook-id`. Those of one
/// deployment come in their order. A receiver that answers 410 is left alone until the next start. A
/// webhook that was not named at the latest start begins with what happens from now on.
public final class Webhooks: Sendable {
    private let senders: [WebhookSender]
    /// The stages of what is being deployed.
    private let stages = Mutex<[DeploymentID: Stage]>([:])

    /// For how long an attempt may take.
    private static let patience = Duration.seconds(15)

    private init(senders: [WebhookSender]) {
        self.senders = senders
    }

    /// The webhooks of these options, where the journal says that they were. To be opened before
    /// anything is committed; `run` sends.
    ///
    /// - Parameter note: takes lines for the server's log.
    public static func open(
        _ options: WebhookOptions,
        journal: any EventLog & DeliveryCursors,
        note: @escaping @Sendable (String) -> Void
    ) async throws(JournalError) -> Webhooks {
        let places = try await journal.webhookPlaces()
        var senders: [WebhookSender] = []
        var keys: [String] = []
        for url in options.urls {
            // Not the URL itself: its path may be a secret.
            let key = JSONValue.string(url.text).fingerprint
            let rules = options.rules
            let dependencies = WebhookSender.Dependencies(
                url: url,
                secrets: options.secrets,
                post: { request in
                    do throws(ClientError) {
                        return .success(
                            try await request.send(within: patience) { rules.refusal(of: $0) }
                        )
                    } catch {
                        return .failure(error)
                    }
                },
                note: note
            )
            let sender = try await WebhookSender(
                key: key,
                place: places[key],
                journal: journal,
                dependencies: dependencies
            )
            // Where a new one begins must be known before anything happens.
            await sender.keep()
            senders.append(sender)
            keys.append(key)
        }
        if places.keys.contains(where: { !keys.contains($0) }) {
            do throws(JournalError) {
                try await journal.forgetWebhooks(except: keys)
            } catch {
                // Of no consequence now, and tried again at the next start.
                note("\(error)")
            }
        }
        return Webhooks(senders: senders)
    }

    /// What has come of the messages, by webhook.
    public var counts: [WebhookCounts] { senders.map(\.counts) }

    /// Takes what has just been committed; brief.
    public func publish(_ commits: [Commit]) {
        guard !senders.isEmpty else { return }
        var forgotten: [DeploymentRecord] = []
        let isNews = stages.withLock { stages in
            var isNews = false
            for commit in commits {
                let id = commit.event.deploymentID
                switch commit.change {
                case .progress(let event):
                    isNews = isNews || stages[id] != event.stage
                    stages[id] = event.stage.isFinal ? nil : event.stage
                case .deleted: forgotten.append(commit.record)
                case .workload: break
                }
            }
            return isNews
        }
        for sender in senders {
            if isNews { sender.wake() }
            for record in forgotten { sender.forget(record) }
        }
    }

    /// Sends until `stop`.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            for sender in senders { group.addTask { await sender.run() } }
        }
    }

    /// Whether there is no receiver.
    public var isEmpty: Bool { senders.isEmpty }

    /// Has `run` return. What is under way has a moment to end, and what is left is sent after the
    /// next start.
    public func stop() async {
        for sender in senders { await sender.stop() }
    }
}
