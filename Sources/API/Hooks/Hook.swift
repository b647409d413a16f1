public import Deployments

/// What pushes to repositories of a forge deploy.
public struct Hook: Sendable {
    /// Where the repositories are, and so how a push tells of itself.
    public enum Forge: String, Sendable, CaseIterable {
        case github, gitlab, gitea
    }

    /// What a push to one branch deploys.
    public struct Rule: Sendable {
        /// `owner/name`, without regard to case.
        public let repository: String
        /// The branch's name.
        public let branch: String
        /// The request, of which the push says the commit.
        public let request: DeploymentRequest
    }

    /// Its name in the address: `/api/hooks/NAME`.
    public let name: String
    /// Who pushes.
    public let forge: Forge
    /// Whose the deployments are.
    public let tenant: String
    /// By which a push shows that it is the forge's.
    let secret: [UInt8]
    /// What is deployed for which repository and branch.
    public let rules: [Rule]

    /// Whether a push is the forge's own.
    ///
    /// GitHub and Gitea sign the body (HMAC with SHA-256, in hexadecimal digits), GitLab sends the secret.
    ///
    /// - Parameter field: gives a request's header field by its name.
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
            // Of both the hash, which tells neither length nor beginning.
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

    /// Whether both are the same, in a time that tells nothing of where they are not.
    static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// What a forge tells of a push.
struct Push: Sendable, Equatable {
    /// `owner/name`.
    let repository: String
    let branch: String
    /// What the branch is now.
    let commit: String

    /// What a delivery comes to.
    enum Delivery: Sendable, Equatable {
        case push(Push)
        /// Nothing is deployed; why, as a sentence.
        case ignored(String)
        /// It is none that is understood; a sentence.
        case malformed(String)
    }

    /// Reads a delivery.
    ///
    /// - Parameter field: gives a request's header field by its name.
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
            return .malformed("The push does not tell its repository, its ref and its commit.")
        }
        let prefix = "refs/heads/"
        guard ref.hasPrefix(prefix) else {
            return .ignored("\(ref.excerpt) is no branch, and deploys nothing.")
        }
        guard GitSource.isCommit(after) else {
            return .malformed("The push does not tell a whole commit id.")
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

    /// The name of a delivery, which is the same however often it is sent.
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
