public import Deployments

/// Which requests were asked for under a name of the client's.
public protocol IdempotencyKeys: Sendable {
    /// The deployment that the key stands for at that moment, whatever the key's fingerprint; nil
    /// if it stands for none.
    func deployment(
        for key: IdempotencyKey,
        at moment: Timestamp
    ) async throws(JournalError) -> KeyedDeployment?
}

/// The name that a client gives a request, so that sending it again asks for nothing new.
public struct IdempotencyKey: Sendable, Hashable {
    /// How long a key stands for its deployment, in microseconds.
    public static let lifetime: Int64 = 24 * 3600 * 1_000_000

    /// Whose key it is: another tenant's is another key.
    public let tenant: String
    /// The name.
    public let text: String
    /// What the request says, as `JSONValue.fingerprint` tells it.
    public let fingerprint: String

    /// A tenant's name for a request.
    public init(tenant: String, text: String, fingerprint: String) {
        self.tenant = tenant
        self.text = text
        self.fingerprint = fingerprint
    }
}

extension IdempotencyKey {
    /// What the keys of deliveries begin with, and no client's key can. They stand for their deployments as
    /// long as those are in the history.
    public static let deliveryPrefix = "delivery "

    /// The key of what a forge has delivered to a hook.
    public init(tenant: String, delivery: String, to hook: String, fingerprint: String) {
        self.init(
            tenant: tenant,
            text: "\(Self.deliveryPrefix)\(hook) \(delivery)",
            fingerprint: fingerprint
        )
    }

    /// When it was used at the latest for it to stand for a deployment at a moment.
    package func oldest(at moment: Timestamp) -> Int64 {
        text.utf8.starts(with: Self.deliveryPrefix.utf8)
            ? .min : moment.microseconds - Self.lifetime
    }
}

/// The deployment that a key stands for.
public struct KeyedDeployment: Sendable, Equatable {
    /// The deployment.
    public let id: DeploymentID
    /// What the request said that came with the key.
    public let fingerprint: String

    /// A deployment and what was asked for.
    public init(id: DeploymentID, fingerprint: String) {
        self.id = id
        self.fingerprint = fingerprint
    }
}
