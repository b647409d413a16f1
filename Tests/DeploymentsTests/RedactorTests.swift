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
}
