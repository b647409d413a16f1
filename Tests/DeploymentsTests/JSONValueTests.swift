import Testing

@testable import Deployments

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws(JSONSyntaxError) -> JSONValue {
        try JSONValue(parsing: Array(text.utf8))
    }

    @Test(arguments: [
        "null", "true", "false", "0", "-0", "-17", "9223372036854775807", "1.5", "-1e-07", "\"\"",
        #""é€😀\"\\\n\r\t\u0000\u001f\u007f""#, "[]", "[1,[2,[]]]", "{}",
        #"{"b":1,"a":{"":null},"B":[true,{}]}"#,
    ])
    func textIsReadAndWrittenBack(_ text: String) throws {
        let value = try parse(text)
        #expect(value.text == text)
        #expect(try parse(value.text) == value)
    }

    @Test(arguments: [
        (" [ 1 , 2 ] \r\n\t", "[1,2]"), (#"{ "a" : 1 }"#, #"{"a":1}"#), ("1E2", "1E2"),
        (#""\u00e9\ud83d\ude00\/\b\f""#, "\"é😀/\\u0008\\u000c\""), ("\u{FEFF}1", "1"),
        ("1.0", "1.0"),
    ])
    func equalTextsGiveOneText(_ text: String, _ written: String) throws {
        #expect(try parse(text).text == written)
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "123456789012345678901234567890", "0.1000000000000000055511151231257827", "1.50", "-0.0",
        "1e-400", "12345678901234567890.0123456789012345678900",
    ])
    func numberComesBackAsItWasWritten(_ text: String) throws {
        #expect(try parse("{\"n\":\(text)}").text == "{\"n\":\(text)}")
    }

    @Test func numbersAreComparedExactly() throws {
        for (one, other) in [
            ("1", "1.0"), ("-0", "0"), ("0.0", "0e5"), ("1e2", "100"), ("1.50", "15e-1"),
            ("18446744073709551616", "18446744073709551616.000"),
            ("9223372036854775808", "9223372036854775808e0"),
        ] {
            #expect(try parse(one) == parse(other), "\(one) \(other)")
        }
        for (one, other) in [
            ("18446744073709551616", "18446744073709551617"), ("0.1", "0.10000000000000000001"),
            ("1", "-1"), ("10", "1"),
        ] {
            #expect(try parse(one) != parse(other), "\(one) \(other)")
        }
    }

    @Test func requestHasNoMoreValuesThanAnyNeeds() throws {
        func parse(_ text: String) throws -> JSONValue {
            try JSONValue(parsing: Array(text.utf8), within: .request)
        }
        let most = String(repeating: "1,", count: 9998) + "1"
        _ = try parse("[\(most)]")
        for text in ["[\(most),1]", "[[],\(most)]", "{\"a\":[\(most)]}"] {
            #expect(throws: JSONSyntaxError.self) { try parse(text) }
        }
        // What programs that we have asked write may be larger.
        _ = try JSONValue(parsing: Array("[\(most),1]".utf8))
    }

    @Test func textThatTakesLongToCompareIsRefusedInARequest() throws {
        func parse(_ marks: Int) throws -> JSONValue {
            let run = String(repeating: "\u{315}\u{327}", count: marks / 2)
            return try JSONValue(parsing: Array("{\"e\(run)e\(run)\":1}".utf8), within: .request)
        }
        _ = try parse(100)
        let fault = JSONSyntaxError(
            reason: "more than 100 combining characters in a row (line 1, column 2)"
        )
        #expect(throws: fault) { try parse(102) }
        #expect(throws: fault) { try parse(500_000) }
    }

    @Test(arguments: [
        "", " ", "{", "[", "\"", "\"\\", "[1,]", "{\"a\":1,}", "{\"a\"}", "{\"a\":}", "{a:1}",
        "{1:1}",
        "[1 2]", "1 2", "01", "-", "-01", "1.", ".5", "1e", "1e+", "+1", "0x1", "NaN", "Infinity",
        "1e999", "-1e999", "tru", "True", "nul", "'a'", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "\"a\tb\"",
        "{\"a\":1,\"a\":2}",
        "// x\n1", "[1]]", "{}{}", "\u{FEFF}",
    ])
    func malformedTextIsRefused(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try parse(text) }
    }

    @Test(arguments: [
        [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
    ])
    func textThatIsNotUTF8IsRefused(_ bytes: [UInt8]) {
        #expect(throws: JSONSyntaxError(reason: "the text is not valid UTF-8")) {
            try JSONValue(parsing: bytes)
        }
    }

    @Test func faultIsToldWithItsPlace() {
        #expect(throws: JSONSyntaxError(reason: "expected ',' or '}' (line 3, column 4)")) {
            try parse("{\n  \"a\": 1\n   \"b\": 2\n}")
        }
    }

    @Test func everyPrefixOfATextIsRefused() throws {
        let text = Array(#"{"a":[1.5e3,"x\u00e9\ud83d\ude00",true,null],"b":{"c":-1}}"#.utf8)
        for count in text.indices {
            #expect(throws: JSONSyntaxError.self) {
                try JSONValue(parsing: Array(text.prefix(count)))
            }
        }
        _ = try JSONValue(parsing: text)
    }

    @Test func nameThatComesTwiceIsRefusedWhereverItStands() throws {
        let names = (0..<40).map { "\"name\($0)\":\($0)" }
        let value = try parse("{\(names.joined(separator: ","))}")
        #expect(value.members?.count == 40)
        #expect(value["name39"]?.integer == 39)
        for first in [0, 1, 14, 15, 16, 17, 38] {
            for second in [1, 15, 16, 17, 18, 39] where second > first {
                var twice = names
                twice[second] = names[first]
                #expect(throws: JSONSyntaxError.self, "\(first) and \(second)") {
                    try parse("{\(twice.joined(separator: ","))}")
                }
            }
        }
    }

    @Test func nestingIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(128))
        #expect(throws: JSONSyntaxError.self) { try parse(nested(129)) }
        #expect(throws: JSONSyntaxError.self) { try parse(String(repeating: "[", count: 500_000)) }
    }

    @Test func equalityIsJSONs() throws {
        #expect(try parse(#"{"a":1,"b":[1,2]}"#) == parse(#"{"b":[1.0,2],"a":1}"#))
        #expect(try parse("[1,2]") != parse("[2,1]"))
        #expect(try parse("{\"a\":null}") != parse("{}"))
        #expect(try parse("1") != parse("true"))
        #expect(try parse("1") != parse("\"1\""))
        #expect(try parse("9007199254740993") != parse("9007199254740992"))
    }

    @Test func accessorsGiveNilForOtherKinds() throws {
        let value = try parse(#"{"s":"x","i":1,"n":1.5,"b":true,"a":[],"z":null}"#)
        #expect(value["s"]?.string == "x" && value["s"]?.integer == nil)
        #expect(value["i"]?.integer == 1 && value["i"]?.number == 1 && value["i"]?.bool == nil)
        #expect(value["n"]?.number == 1.5 && value["n"]?.integer == nil)
        #expect(value["b"]?.bool == true && value["b"]?.number == nil)
        #expect(value["a"]?.elements == [] && value["a"]?.members == nil)
        #expect(value["z"]?.isNull == true && value["missing"] == nil)
        #expect(value["a"]?["s"] == nil)
    }

    @Test func numberThatIsNotFiniteIsWrittenAsNull() {
        #expect(JSONValue.array([.number(.infinity), .number(.nan)]).text == "[null,null]")
    }

    @Test func writtenTextIsOneLine() throws {
        let text = JSONValue.string("a\r\nb\u{0}\u{1B}\u{7F}").text
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
        #expect(try parse(text).string == "a\r\nb\u{0}\u{1B}\u{7F}")
    }
}
