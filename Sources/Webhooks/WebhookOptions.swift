public import Client
internal import Sockets

/// Where stage changes are sent.
public struct WebhookOptions: Sendable {
    /// The receivers' URLs, each once.
    public let urls: [WebURL]
    let secrets: [WebhookSecret]
    let rules: AddressRules

    /// An option's value cannot be used.
    public struct Fault: Error, Equatable {
        /// The option's name: `webhook-secret`.
        public let option: String
        /// What is wrong with it; nothing of a secret or of a URL that may hold one.
        public let message: String
    }

    /// Nowhere.
    public init() {
        urls = []
        secrets = []
        rules = AddressRules()
    }

    private static let mostURLs = 20
    private static let mostSecrets = 4

    /// Reads what the options `webhook`, `webhook-secret` and `webhook-allow-address` were given.
    ///
    /// Every message is signed with each secret, so that one can take another's place.
    public init(urls: [String], secrets: [String], allowed: [String]) throws(Fault) {
        var networks: [IPNetwork] = []
        for text in allowed {
            guard let network = IPNetwork(text) else {
                throw Fault(
                    option: "webhook-allow-address",
                    message: "\(text) is neither an address nor a network such as 192.0.2.0/24"
                )
            }
            networks.append(network)
        }
        rules = AddressRules(allowing: networks)

        var parsed: [WebURL] = []
        for (index, text) in urls.enumerated() {
            let which = urls.count > 1 ? "number \(index + 1): " : ""
            let url: WebURL
            do throws(WebURL.ParseError) {
                url = try WebURL(parsing: text)
            } catch {
                throw Fault(option: "webhook", message: "\(which)\(error.reason)")
            }
            if let address = IPAddress(literal: url.host), let reason = rules.refusal(of: address) {
                throw Fault(option: "webhook", message: "\(which)\(reason)")
            }
            guard !parsed.contains(url) else {
                throw Fault(option: "webhook", message: "\(which)the same URL stands there twice")
            }
            parsed.append(url)
        }
        guard parsed.count <= Self.mostURLs else {
            throw Fault(option: "webhook", message: "there may be \(Self.mostURLs) at most")
        }
        self.urls = parsed

        self.secrets = secrets.compactMap(WebhookSecret.init)
        let option = "webhook-secret"
        guard self.secrets.count == secrets.count else {
            throw Fault(
                option: option,
                message: "it must be whsec_ and the base64 text of 24 to 64 random bytes"
            )
        }
        guard secrets.count <= Self.mostSecrets else {
            throw Fault(option: option, message: "there may be \(Self.mostSecrets) at most")
        }
        guard parsed.isEmpty || !secrets.isEmpty else {
            throw Fault(
                option: option,
                message: """
                    --webhook needs it: without a signature nobody can tell who has sent what comes. \
                    Make one: echo "whsec_$(openssl rand -base64 32)"
                    """
            )
        }
    }
}
