import Terminal
import Testing

@Suite struct DisplayWidthTests {
    @Test(arguments: [
        ("", 0), ("shop", 4), ("漢字", 4), ("ｗｉｄｅ", 8), ("ｶﾅ", 2), ("각", 2),
        ("\u{1100}\u{1161}\u{11A8}", 2),
        ("é", 1), ("e\u{301}", 1), ("e\u{301}\u{302}\u{303}", 1), ("\u{200B}", 0), ("क्ष", 2),
        ("😀", 2), ("👍🏽", 2), ("☝🏽", 2), ("👩‍🚀", 2), ("👨‍👩‍👧‍👦", 2), ("🏳️‍🌈", 2), ("❤", 1), ("❤️", 2),
        ("1️⃣", 2), ("🇩🇪", 2), ("🇩🇪🇫🇷", 4), ("✓✗○●⊘│…━", 8), ("▏▎▍▌▋▊▉█▕", 9), ("⠋⠙", 2),
        ("↓≡▸→◎◇·", 7), ("\u{1}\u{7F}\u{85}", 0), ("🏴\u{E0067}\u{E0062}\u{E007F}", 2),
    ])
    func textTakesTheColumnsThatATerminalGivesIt(_ text: String, _ width: Int) {
        #expect(DisplayWidth.of(text) == width)
    }

    @Test(arguments: [
        ("shop", 4, "shop"), ("shops", 4, "sho…"), ("shop", 1, "…"), ("shop", 0, ""),
        ("shop", -1, ""),
        ("漢字漢", 6, "漢字漢"), ("漢字漢", 5, "漢字…"), ("漢字漢", 4, "漢…"), ("👩‍🚀👩‍🚀", 3, "👩‍🚀…"),
        ("👩‍🚀👩‍🚀", 2, "…"), ("e\u{301}e\u{301}e", 2, "e\u{301}…"),
    ])
    func textThatIsTooLongIsCutBetweenCharacters(_ text: String, _ width: Int, _ cut: String) {
        #expect(DisplayWidth.fitted(text, width) == cut)
    }

    @Test func exactTextTakesJustItsColumnsOnEitherSide() {
        #expect(DisplayWidth.exactly("漢字漢", 4) == "漢… ")
        #expect(DisplayWidth.exactly("ab", 4, .right) == "  ab")
        #expect(DisplayWidth.padded("abcde", 4) == "abcde")
    }

    @Test func anyTextFitsAnyWidth() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            let text = printable(random.text(12))
            for width in 0...30 {
                #expect(DisplayWidth.of(DisplayWidth.fitted(text, width)) <= width)
                #expect(DisplayWidth.of(DisplayWidth.exactly(text, width)) == width)
            }
        }
    }
}

@Suite struct PrintableTests {
    @Test(arguments: [
        ("as it is", "as it is"), ("über 漢字 👩‍🚀", "über 漢字 👩‍🚀"), ("\u{1B}[31mred\u{1B}[0m", "red"),
        ("\u{1B}[2J\u{1B}[1;1Hgone", "gone"), ("\u{9B}2Jgone", "gone"),
        ("\u{1B}]0;title\u{07}", "␛]0;title␇"),
        ("\u{1B}[", "␛["), ("\u{1B}c", "␛c"), ("a\u{1B}[31", "a␛[31"), ("two\nlines", "two lines"),
        ("line\r\n", "line"), ("10%\r20%", "10%␍20%"), ("a\tb", "a    b"),
        ("\0\u{7F}\u{8D}", "␀␡\u{FFFD}"),
        ("\u{202E}evil\u{2066}", "\u{FFFD}evil\u{FFFD}"), ("a\u{2028}b\u{85}c", "a b c"),
    ])
    func textFromOutsideCannotSteerTheTerminal(_ text: String, _ safe: String) {
        #expect(printable(text) == safe)
    }

    @Test func marksDoNotPileUpWithoutEnd() {
        let pile = "a" + String(repeating: "\u{301}", count: 10_000) + "b"
        #expect(printable(pile).unicodeScalars.count == 17)
    }

    @Test func nothingRandomSteersTheTerminal() {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<5000 {
            let text = random.text(20)
            #expect(!steersTerminal(printable(text)), "\(text.debugDescription)")
        }
    }
}
