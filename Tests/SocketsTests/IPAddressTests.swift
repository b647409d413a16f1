import Testing

@testable import Sockets

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("127.1", "127.0.0.1"), ("2130706433", "127.0.0.1"),
        ("0x7f.0.0.1", "127.0.0.1"), ("0177.0.0.1", "127.0.0.1"), ("::1", "::1"),
        ("2001:DB8:0::A", "2001:db8::a"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
    ])
    func literalIsReadInEverySpelling(_ text: String, _ usual: String) {
        #expect(IPAddress(literal: text)?.description == usual)
    }

    @Test(arguments: ["", "localhost", "example.org", "1.2.3.4.5", "256.0.0.1", "::g", "[::1]"])
    func nameIsNoLiteral(_ text: String) {
        #expect(IPAddress(literal: text) == nil)
    }

    @Test func localHostIsResolved() throws {
        let addresses = try IPAddress.resolved("localhost").map(\.description)
        #expect(addresses.contains("127.0.0.1") || addresses.contains("::1"))
        #expect(Set(addresses).count == addresses.count)
        #expect(throws: SystemError.self) { try IPAddress.resolved("nothing-there.invalid") }
    }

    @Test func bytesAreFourOrSixteen() {
        #expect(IPAddress(bytes: [1, 2, 3, 4])?.isVersion6 == false)
        #expect(IPAddress(bytes: [UInt8](repeating: 0, count: 16))?.description == "::")
        #expect(IPAddress(bytes: [1, 2, 3]) == nil)
    }
}
