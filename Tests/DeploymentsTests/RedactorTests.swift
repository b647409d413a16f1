import Deployments
import Testing

@Suite struct RedactorTests {
    @Test(arguments: [
        (["hunter2"], "password hunter2, again hunter2", "password ***, again ***"),
        (["short"], "a short one stays", "a short one stays"),
        (["sixsix"], "sixsix", "***"),
        (["secret", "secret-longer"], "secret-longer and secret", "*** and ***"),
        (["-----BEGIN\nabcdefgh\nxy\n"], "got abcdefgh and xy", "got *** and xy"),
        (["first-line\r\nsecond-line"], "second-line", "***"),
        (["passwörd"], "a passwörd b", "a *** b"),
        (["a.b*c+d"], "a.b*c+d aXbbc+d", "*** aXbbc+d"),
        (["abcdef", "defghi"], "xabcdefghix", "x***x"), (["abcabc"], "abcabcabc", "***"),
        (["hunter2"], "hunter2hunter2", "******"), (["hunter2"], "hunter", "hunter"),
        ([], "nothing", "nothing"),
        (["secret"], "secr\u{E9}t", "secr\u{E9}t"),
        (["secret"], "secret\u{301}", "***\u{301}"),
    ])
    func secretsAreMasked(_ secrets: [String], _ text: String, _ masked: String) {
        #expect(Redactor(values: secrets).redact(text) == masked)
    }

    /// A value with everything in it that somebody escapes.
    private static let odd = #"p<a>&"ß\w/'s +%"# + "\t😀\nend-of-it"

    @Test(arguments: [
        odd,
        // JSON, as Go writes it, as Python does, as PHP does, and within JSON again.
        #"p\u003ca\u003e\u0026\"ß\\w/'s +%\t😀\nend-of-it"#,
        #"p<a>&\"\u00df\\w/'s +%\t\ud83d\ude00\nend-of-it"#,
        #"p<a>&\"\u00DF\\w\/'s +%\u0009\uD83D\uDE00\u000aend-of-it"#,
        #"p<a>&\\\"ß\\\\w/'s +%\\t😀\\nend-of-it"#,
        // Go's %+q, C, Swift.
        #"p<a>&\"\u00df\\w/'s +%\t\U0001f600\nend-of-it"#,
        #"p<a>&\"\xc3\x9f\\w/\'s +%\t\xf0\x9f\x98\x80\nend-of-it"#,
        #"p<a>&\"\303\237\\w/'s +%\011\360\237\230\200\012end-of-it"#,
        #"p<a>&\"\u{df}\\w/\'s +%\t\u{1F600}\nend-of-it"#,
        // URLs, as strictly and as loosely as anybody writes them, and one within JSON.
        "p%3Ca%3E%26%22%C3%9F%5Cw%2F%27s%20%2B%25%09%F0%9F%98%80%0Aend%2Dof%2Dit",
        "p%3ca%3e%26%22%c3%9f%5cw/'s+%2b%25%09%f0%9f%98%80%0aend-of-it",
        #"p%3ca%3e\u0026%22%c3%9f%5cw\/'s%20+%25%09%f0%9f%98%80%0aend-of-it"#,
        "p%253Ca%253E%2526%2522%25C3%259F%255Cw%252F%2527s%2520%252B%2525%2509%25F0%259F%2598%2580%250Aend-of-it",
        // Shells: within single quotes, with backslashes, within $'…'.
        #"p<a>&"ß\w/'\''s +%"# + "\t😀\nend-of-it",
        #"p<a>&"ß\w/'"'"'s +%"# + "\t😀\nend-of-it",
        #"p\<a\>\&\"ß\\w/\'s\ +%"# + "\t😀\nend-of-it",
        #"p<a>&"ß\\w/\'s +%\t😀\nend-of-it"#,
        // XML and HTML.
        "p&lt;a&gt;&amp;&quot;ß\\w/&#39;s +%\t😀\nend-of-it",
        "p&lt;a&gt;&amp;&#34;&#xDF;\\w/&apos;s +%&#9;&#128512;&#xA;end-of-it",
    ])
    func secretsAreMaskedHoweverTheyAreWritten(_ written: String) {
        let redactor = Redactor(values: [Self.odd])
        #expect(redactor.redact("a \(written) b") == "a *** b")
        #expect(redactor.redact(#"{"url":"\#(written)"}"#) == #"{"url":"***"}"#)
        // And where two lines were made of it, at any place.
        let characters = Array(written)
        for cut in 1..<characters.count {
            let lines = [String(characters[..<cut]), String(characters[cut...])]
            #expect(redactor.redact(lines: lines) == ["***", "***"], "\(lines)")
        }
    }

    @Test func textThatOnlyLooksEscapedStays() {
        let redactor = Redactor(values: ["hunter 2"])
        for text in [
            #"\q \u12 \ud800 \ud800\u0041 \x \u{} \u{110000} \U00110000 \777 \"#, "100% %4 %zz %",
            "a & b &nosuch; &#; &#x; &#1114112; &", "'\\' '\"", "1+1", "\\",
        ] {
            #expect(redactor.redact(text) == text)
        }
        #expect(redactor.redact("%68unter+2 \\x68unter\\x202") == "*** ***")
    }

    @Test func secretThatACutHasLeftTheBeginningOfIsMasked() {
        let redactor = Redactor(values: ["0123456789", #"quoted"value"#])
        let long = String(repeating: "x", count: 2000)
        #expect(redactor.redact(lines: ["\(long)012345678"]) == ["\(long)***"])
        #expect(redactor.redact(lines: ["\(long)01234"]) == ["\(long)01234"])
        for cut in [#"quoted"val"#, #"quoted\"val"#, #"quoted\"#, "quoted%22va", "quoted%2"] {
            #expect(redactor.redact("\(long) \(cut)") == "\(long) ***", "\(cut)")
        }
        // A short line was not cut, unless somebody knows better.
        #expect(redactor.redact(lines: ["a", "b 01234567"]) == ["a", "b 01234567"])
        #expect(redactor.redact(lines: ["a", "b 01234567"], lastIsCut: true) == ["a", "b ***"])
    }

    @Test func escapeAtTheEndOfALineHidesNothingInTheNext() {
        let redactor = Redactor(values: ["hunter 2"])
        let lines = [#"odd\"#, #"\u0068unter\u00202"#]
        let masked = redactor.redact(lines: lines)
        #expect(masked[0].hasPrefix("odd") && masked[1] == "***", "\(masked)")
    }

    @Test func linesOfASecretAreMaskedEvenWhereEachIsShort() {
        let redactor = Redactor(values: ["abc\ndef\r\nghi\n"])
        #expect(redactor.redact(lines: ["1", "abc", "def", "ghi"]) == ["1", "***", "***", "***"])
        #expect(redactor.redact("abc") == "abc")
    }

    @Test(.timeLimit(.minutes(10)))
    func textsThatAreHardToLookThroughTakeNoLongerForIt() {
        let many = Redactor(values: (0..<2000).map { "aaaaaaaa\($0)/" })
        let long = Redactor(values: [String(repeating: "a", count: 100_000) + "/"])
        for unit in ["a", #"\\"#, "%25", #"\%25&#97;+'\''"#] {
            let text = String(repeating: unit, count: 4000 / unit.utf8.count)
            #expect(!many.redact("\(text) aaaaaaaa77/").contains("77/"))
            _ = long.redact(text)
        }
    }
}
