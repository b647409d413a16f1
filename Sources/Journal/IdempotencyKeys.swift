public import Deployments

/// Remembers the requests that clients have named with a key.
public protocol IdempotencyKeys: Sendable {
    /// The deployment that the key stands for at that moment, whatever the key's fingerprint; nil
    /// if it stands for none.
    func deployment(
        for key: IdempotencyKey,
        at moment: Timestamp
    ) async throws(JournalError) -> KeyedDeployment?
}

/// A name that a client gives to a request, so that repeating the request has no further effect.
public struct IdempotencyKey: Sendable, Hashable {
    /// The time for which a key stands for its deployment, in microseconds.
    public static let lifetime: Int64 = 24 * 3600 * 1_000_000

    /// The tenant of the key. The same text is another key for another tenant.
    public let tenant: String
    /// The name that the client gave.
    public let text: String
    /// The fingerprint of the request (`JSONValue.fingerprint`).
    public let fingerprint: String

    /// Creates a key from a tenant's name for a request.
    public init(tenant: String, text: String, fingerprint: String) {
        self.tenant = tenant
        self.text = text
        self.fingerprint = fingerprint
    }
}

extension IdempotencyKey {
    /// The beginning of the keys of deliveries; no client's key can begin so. These keys stand for
    /// their deployments as long as the deployments are in the history.
    public static let deliveryPrefix = "delivery "

    /// Creates the key of a forge's delivery to a hook.
    public init(tenant: String, delivery: String, to hook: String, fingerprint: String) {
        self.init(
            tenant: tenant,
            text: "\(Self.deliveryPrefix)\(hook) \(delivery)",
            fingerprint: fingerprint
        )
    }

    /// The earliest moment of use at which the key still stands for a deployment at the given
    /// moment.
    package func oldest(at moment: Timestamp) -> Int64 {
        text.utf8.starts(with: Self.deliveryPrefix.utf8)
            ? .min : moment.microseconds - Self.lifetime
    }
}

/// The deployment that a key stands for.
public struct KeyedDeployment: Sendable, Equatable {
    /// The deployment.
    public let id: DeploymentID
    /// The fingerprint of the request that came with the key.
    public let fingerprint: String

    /// Creates a keyed deployment.
    public init(id: DeploymentID, fingerprint: String) {
        self.id = id
        self.fingerprint = fingerprint
    }
}
