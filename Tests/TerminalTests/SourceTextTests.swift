import Deployments
import Testing

@testable import Terminal

@Suite struct SourceTextTests {
    @Test(arguments: [
        ("null", nil),
        (#"{"archive":"sha256:0123456789abcdef0123"}"#, "archive sha256:0123456789ab"),
        (
            #"{"url":"https://h/a","ref":"main","commit":"95790bf891e76fee5e1747ab589903a6a1f80f22"}"#,
            "https://h/a at 95790bf891e7 (main)"
        ), (#"{"url":"https://h/a","ref":"v1","commit":null}"#, "https://h/a (v1)"),
        (#"{"url":"git@h:a","ref":null,"commit":"95790bf891e7"}"#, "git@h:a at 95790bf891e7"),
        (
            #"{"url":"git@h:a","ref":"95790bf891e7","commit":"95790bf891e7"}"#,
            "git@h:a at 95790bf891e7"
        ),
    ])
    func sourceIsToldInALine(_ json: String, _ wanted: String?) throws {
        #expect(SourceText.text(try JSONValue(parsing: Array(json.utf8))) == wanted)
    }
}
