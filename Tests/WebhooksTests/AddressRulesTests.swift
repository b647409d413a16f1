import Sockets
import Testing

@testable import Webhooks

@Suite struct AddressRulesTests {
    @Test(arguments: [
        "169.254.169.254", "169.254.0.1", "169.254.255.255", "fe80::1", "febf:ffff::1",
        "fd00:ec2::254", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42", "100.100.100.200",
        "168.63.129.16", "192.0.0.192", "0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "239.1.1.1",
        "ff02::1", "240.0.0.1", "255.255.255.255",
        // The same in other spellings and within others.
        "2852039166", "0xA9FEA9FE", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376", "169.254.43518",
        "169.16689662", "0", "::ffff:169.254.169.254", "::FFFF:A9FE:A9FE", "::169.254.169.254",
        "0:0:0:0:0:ffff:a9fe:a9fe", "64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1", "2001:0:102:304::5601:5601",
        "::ffff:0.0.0.0", "::ffff:224.0.0.1",
    ])
    func addressThatGivesOutSecretsIsRefused(_ text: String) throws {
        let address = try #require(IPAddress(literal: text))
        let reason = try #require(AddressRules().refusal(of: address))
        #expect(reason.contains("--webhook-allow-address"))
        #expect(reason.contains("\(address)"))
    }

    @Test(arguments: [
        "127.0.0.1", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "fd12:3456::1", "8.8.8.8",
        "169.253.255.255", "169.255.0.1", "100.100.100.201", "2001:db8::1", "fec0::1",
        "::ffff:10.0.0.1", "2002:a00:1::1", "223.255.255.255", "1.0.0.1",
    ])
    func otherAddressIsNot(_ text: String) throws {
        let address = try #require(IPAddress(literal: text))
        #expect(AddressRules().refusal(of: address) == nil)
    }

    @Test func exceptionHoldsForWhatItNames() throws {
        let networks = ["169.254.10.0/24", "fe80::/10"].compactMap(IPNetwork.init)
        let rules = AddressRules(allowing: networks)
        for (text, isAllowed) in [
            ("169.254.10.7", true), ("::ffff:169.254.10.7", true), ("169.254.11.7", false),
            ("fe80::9", true), ("169.254.169.254", false), ("::ffff:169.254.169.254", false),
            ("ff02::1", false),
        ] {
            let address = try #require(IPAddress(literal: text))
            #expect((rules.refusal(of: address) == nil) == isAllowed, "\(text)")
        }
    }

    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"), ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
        ("192.0.2.0/25", "192.0.2.127", "192.0.2.128"), ("0.0.0.0/0", "9.9.9.9", "::1"),
        ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"), ("::/0", "::2", "0.0.0.2"),
    ])
    func networkHoldsWhatBeginsLikeIt(_ text: String, _ within: String, _ beside: String) throws {
        let network = try #require(IPNetwork(text))
        #expect(network.contains(try #require(IPAddress(literal: within))))
        #expect(!network.contains(try #require(IPAddress(literal: beside))))
    }

    @Test(arguments: [
        "", "/", "a", "1.2.3.4/", "1.2.3.4/33", "::/129", "1.2.3.4/-1", "1.2.3.4/8/8",
    ])
    func anythingElseIsNoNetwork(_ text: String) {
        #expect(IPNetwork(text) == nil)
    }
}
