public import Deployments

/// A webhook of a forge that deploys on pushes.
public struct Hook: Sendable {
    /// The kind of forge, which determines the form of its deliveries.
    public enum Forge: String, Sendable, CaseIterable {
        case github, gitlab, gitea
    }

    /// Says what a push to one branch deploys.
    public struct Rule: Sendable {
        /// The repository as `owner/name`; its case does not matter.
        public let repository: String
        /// The branch's name.
        public let branch: String
        /// The request without its commit, which comes from the push.
        public let request: DeploymentRequest
    }

    /// The hook's name in its address: `/api/hooks/NAME`.
    public let name: String
    /// The forge that sends the pushes.
    public let forge: Forge
    /// The tenant of the deployments.
    public let tenant: String
    /// The secret by which the forge proves a push.
    let secret: [UInt8]
    /// The rules for repositories and branches.
    public let rules: [Rule]

    /// Whether the delivery comes from the forge.
    ///
    /// GitHub and Gitea sign the body (HMAC with SHA-256, in hexadecimal digits); GitLab sends the
    /// secret itself.
    ///
    /// - Parameter field: returns a request's header field by its name.
    func isSigned(_ body: [UInt8], _ field: (String) -> String?) -> Bool {
        switch forge {
        case .github:
            let prefix = "sha256="
            guard let text = field("X-Hub-Signature-256"), text.hasPrefix(prefix) else {
                return false
            }
            return isSignature(String(text.dropFirst(prefix.count)), of: body)
        case .gitea: return field("X-Gitea-Signature").map { isSignature($0, of: body) } ?? false
        case .gitlab:
            guard let text = field("X-Gitlab-Token") else { return false }
            // Comparing the hashes reveals neither the length nor the beginning of the secret.
            return Self.isSame(SHA256.hash(Array(text.utf8)), SHA256.hash(secret))
        }
    }

    private func isSignature(_ text: String, of body: [UInt8]) -> Bool {
        let digits = Array("0123456789abcdef".utf8)
        let wanted = SHA256.hmac(body, key: secret).flatMap {
            [digits[Int($0 >> 4)], digits[Int($0 & 15)]]
        }
        return Self.isSame(Array(text.utf8), wanted)
    }

    /// Whether both are equal. The time does not depend on where they differ.
    static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// The facts of a push that matter here.
struct Push: Sendable, Equatable {
    /// The repository as `owner/name`.
    let repository: String
    let branch: String
    /// The branch's commit after the push.
    let commit: String

    /// The result of reading a delivery.
    enum Delivery: Sendable, Equatable {
        case push(Push)
        /// Nothing is deployed; the sentence says why.
        case ignored(String)
        /// The delivery is not understood; the sentence says why.
        case malformed(String)
    }

    /// Parses a delivery.
    ///
    /// - Parameter field: returns a request's header field by its name.
    static func read(
        _ json: JSONValue,
        of forge: Hook.Forge,
        _ field: (String) -> String?
    ) -> Delivery {
        let (header, wanted) =
            switch forge {
            case .github: ("X-GitHub-Event", "push")
            case .gitea: ("X-Gitea-Event", "push")
            case .gitlab: ("X-Gitlab-Event", "Push Hook")
            }
        guard let event = field(header) else {
            return .malformed("The request has no \(header).")
        }
        guard event == wanted else {
            return .ignored("The event \(event.excerpt) deploys nothing.")
        }
        let repository =
            forge == .gitlab
            ? json["project"]?["path_with_namespace"]?.string
            : json["repository"]?["full_name"]?.string
        guard let repository, let ref = json["ref"]?.string, let after = json["after"]?.string
        else {
            return .malformed("The push lacks its repository, its ref or its commit.")
        }
        let prefix = "refs/heads/"
        guard ref.hasPrefix(prefix) else {
            return .ignored("\(ref.excerpt) is not a branch, so nothing is deployed.")
        }
        guard GitSource.isCommit(after) else {
            return .malformed("The push has no complete commit id.")
        }
        guard after.utf8.contains(where: { $0 != UInt8(ascii: "0") }) else {
            return .ignored("The branch was deleted.")
        }
        return .push(
            Push(
                repository: repository,
                branch: String(ref.dropFirst(prefix.count)),
                commit: after
            )
        )
    }

    /// The id of a delivery, which is the same each time it is sent.
    static func deliveryID(of forge: Hook.Forge, _ field: (String) -> String?) -> String? {
        let names =
            switch forge {
            case .github: ["X-GitHub-Delivery"]
            case .gitea: ["X-Gitea-Delivery"]
            case .gitlab: ["Idempotency-Key", "X-Gitlab-Event-UUID"]
            }
        return names.lazy.compactMap(field).first { text in
            (1...200).contains(text.utf8.count)
                && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        }
    }
}
