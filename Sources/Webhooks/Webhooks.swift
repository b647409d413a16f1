internal import Client
internal import Deployments
public import Journal
internal import Synchronization

/// Sends every stage change and final event to the configured URLs, signed according to Standard
/// Webhooks (https://www.standardwebhooks.com).
///
/// Each is sent until it is acknowledged (status 200 to 299), also after a restart, for at least
/// three days. So it may arrive more than once, always with the same `webhook-id`. The events of
/// one deployment arrive in order. A receiver that answers 410 is left alone until the next start.
/// A webhook that was not configured at the latest start begins with the events from now on.
public final class Webhooks: Sendable {
    private let senders: [WebhookSender]
    /// The present stages of unfinished deployments.
    private let stages = Mutex<[DeploymentID: Stage]>([:])

    /// The time limit of an attempt.
    private static let patience = Duration.seconds(15)

    private init(senders: [WebhookSender]) {
        self.senders = senders
    }

    /// Opens the webhooks of the options at the positions that the journal has stored. Must be
    /// called before anything is committed; `run` sends.
    ///
    /// - Parameter note: writes lines to the server's log.
    public static func open(
        _ options: WebhookOptions,
        journal: any EventLog & DeliveryCursors,
        note: @escaping @Sendable (String) -> Void
    ) async throws(JournalError) -> Webhooks {
        let cursors = try await journal.webhookCursors()
        var senders: [WebhookSender] = []
        var keys: [String] = []
        for url in options.urls {
            // The key is a fingerprint because the path of the URL may be a secret.
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
                place: cursors[key],
                journal: journal,
                dependencies: dependencies
            )
            // The position of a new webhook must be stored before anything is committed.
            await sender.keep()
            senders.append(sender)
            keys.append(key)
        }
        if cursors.keys.contains(where: { !keys.contains($0) }) {
            do throws(JournalError) {
                try await journal.forgetWebhooks(except: keys)
            } catch {
                // Old positions do no harm; they are removed at the next start.
                note("\(error)")
            }
        }
        return Webhooks(senders: senders)
    }

    /// The counts of the messages of each webhook.
    public var counts: [WebhookCounts] { senders.map(\.counts) }

    /// Handles what was just committed; returns at once.
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

    /// Makes `run` return. Attempts under way are given a moment to end; what remains is sent after
    /// the next start.
    public func stop() async {
        for sender in senders { await sender.stop() }
    }
}
