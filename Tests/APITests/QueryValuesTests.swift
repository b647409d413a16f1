import Deployments
import HTTP
import Testing

@testable import API

@Suite struct QueryValuesTests {
    private func values(_ query: String, _ names: [String]) throws -> QueryValues {
        QueryValues(try Request(method: .get, target: "/list?\(query)"), allowing: names)
    }

    @Test func namesThatAreUnknownOrComeTwiceAreFaultsOnce() throws {
        let values = try values("a=1&b=1&c=1&b=2&c=2&c=3&b=3", ["a", "b"])
        #expect(values.faults.map(\.field) == ["c", "b"])
    }

    @Test func textMustNotBeEmpty() throws {
        var values = try values("a=&b=x", ["a", "b", "c"])
        #expect(values.text("a") == nil)
        #expect(values.text("b") == "x")
        #expect(values.text("c") == nil)
        #expect(values.faults.map(\.field) == ["a"])
    }

    @Test(arguments: ["0", "11", "-1", "+1", "1.0", "", "a", "99999999999999999999"])
    func numberOutOfItsBoundsIsAFault(_ text: String) throws {
        var values = try values("n=\(text)", ["n"])
        #expect(values.integer("n", in: 1...10) == nil)
        #expect(values.faults.map(\.field) == ["n"])
    }
}
