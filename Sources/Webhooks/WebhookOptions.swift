public import Client
internal import Sockets

/// The options of webhooks: receivers, secrets and allowed addresses.
public struct WebhookOptions: Sendable {
    /// The URLs of the receivers, without duplicates.
    public let urls: [WebURL]
    let secrets: [WebhookSecret]
    let rules: AddressRules

    /// An option has a value that cannot be used.
    public struct Fault: Error, Equatable {
        /// The option's name: `webhook-secret`.
        public let option: String
        /// What is wrong. It contains no part of a secret, or of a URL that may hold one.
        public let message: String
    }

    /// Creates options without receivers.
    public init() {
        urls = []
        secrets = []
        rules = AddressRules()
    }

    private static let mostURLs = 20
    private static let mostSecrets = 4

    /// Parses the values of the options `webhook`, `webhook-secret` and `webhook-allow-address`.
    ///
    /// Every message is signed with each secret, so that a secret can be replaced without
    /// interruption.
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
                throw Fault(option: "webhook", message: "\(which)the same URL is given twice")
            }
            parsed.append(url)
        }
        guard parsed.count <= Self.mostURLs else {
            throw Fault(option: "webhook", message: "there may be at most \(Self.mostURLs)")
        }
        self.urls = parsed

        self.secrets = secrets.compactMap(WebhookSecret.init)
        let option = "webhook-secret"
        guard self.secrets.count == secrets.count else {
            throw Fault(
                option: option,
                message: "it must be whsec_ followed by 24 to 64 random bytes in base64"
            )
        }
        guard secrets.count <= Self.mostSecrets else {
            throw Fault(option: option, message: "there may be at most \(Self.mostSecrets)")
        }
        guard parsed.isEmpty || !secrets.isEmpty else {
            throw Fault(
                option: option,
                message: """
                    --webhook needs it, because receivers can trust only signed messages. \
                    Make one: echo "whsec_$(openssl rand -base64 32)"
                    """
            )
        }
    }
}
