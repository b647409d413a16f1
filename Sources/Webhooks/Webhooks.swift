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
    private let receivers: [Receiver]
    /// The stages of what is being deployed.
    private let stages = Mutex<[DeploymentID: Stage]>([:])

    /// For how long an attempt may take.
    private static let patience = Duration.seconds(15)

    private init(receivers: [Receiver]) {
        self.receivers = receivers
    }

    /// The webhooks of these options, where the journal says that they were. To be opened before
    /// anything is committed; `run` sends.
    ///
    /// - Parameter note: takes lines for the server's log.
    public static func open(
        _ options: WebhookOptions,
        journal: any Journal,
        note: @escaping @Sendable (String) -> Void
    ) async throws(JournalError) -> Webhooks {
        let places = try await journal.webhookPlaces()
        var receivers: [Receiver] = []
        var keys: [String] = []
        for url in options.urls {
            // Not the URL itself: its path may be a secret.
            let key = JSONValue.string(url.text).fingerprint
            let rules = options.rules
            let around = Receiver.Surroundings(
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
            let receiver = try await Receiver(
                key: key,
                place: places[key],
                journal: journal,
                around: around
            )
            // Where a new one begins must be known before anything happens.
            await receiver.keep()
            receivers.append(receiver)
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
        return Webhooks(receivers: receivers)
    }

    /// What has come of the messages, by webhook.
    public var counts: [WebhookCounts] { receivers.map(\.counts) }

    /// Takes what has just been committed; brief.
    public func publish(_ commits: [Commit]) {
        guard !receivers.isEmpty else { return }
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
        for receiver in receivers {
            if isNews { receiver.wake() }
            for record in forgotten { receiver.forget(record) }
        }
    }

    /// Sends until `stop`.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            for receiver in receivers { group.addTask { await receiver.run() } }
        }
    }

    /// Has `run` return. What is under way has a moment to end, and what is left is sent after the
    /// next start.
    public func stop() async {
        for receiver in receivers { await receiver.stop() }
    }
}
