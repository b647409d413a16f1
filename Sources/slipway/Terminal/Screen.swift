import CLinux
import Foundation
import Glibc
import Terminal

/// Standard output: lines that scroll and, on a terminal, a region below them that is redrawn in
/// its place.
actor Screen {
    /// Whether a region can be drawn.
    nonisolated let isTerminal: Bool
    nonisolated let style: TextStyle
    private var region: [String] = []
    /// The terminal's width when the region was drawn.
    private var drawnWidth = 0
    private var isHeld = false
    /// The lines to be printed once `hold` has ended.
    private var held: [String] = []

    /// - Parameter plain: whether to print only lines without colours, also on a terminal.
    init(plain: Bool, environment: [String: String]) {
        let hasColours =
            !plain && isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR", default: ""].isEmpty
            && environment["TERM", default: "dumb"] != "dumb"
        isTerminal = hasColours
        style = TextStyle(isColoured: hasColours)
    }

    /// How large the terminal is now.
    nonisolated var size: TerminalSize {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return TerminalSize(width: 80, height: 24)
        }
        return TerminalSize(width: Int(size.ws_col), height: max(Int(size.ws_row), 2))
    }

    /// The width of the terminal; nil if lines may have any length.
    nonisolated var width: Int? { isTerminal ? size.width : nil }

    /// Prints lines above the region and, if a new region is given, draws it.
    func update(_ lines: [String] = [], region new: [String]? = nil) {
        let next = new ?? region
        if isHeld {
            held += lines
            return
        }
        guard !lines.isEmpty || next != region else { return }
        let width = size.width
        var text = up(width)
        // The region is cleared first if a long line could run over its rows, or if the terminal's width
        // has changed, which breaks or joins rows. Otherwise each row is written over the old one and
        // its rest cleared, so that nothing flickers.
        if !region.isEmpty, !lines.isEmpty || width != drawnWidth { text += "\u{1B}[J" }
        drawnWidth = width
        text += lines.map { $0 + "\n" }.joined()
        if !next.isEmpty {
            // Wrapping is off, since a terminal may think that a character is wider than it is.
            text += "\u{1B}[?7l" + next.map { "\($0)\u{1B}[K\n" }.joined() + "\u{1B}[?7h"
        }
        if !region.isEmpty { text += "\u{1B}[J" }
        region = next
        write(text)
    }

    /// Forgets the drawn region, so that it is drawn anew below what others have written meanwhile.
    func forget() {
        region = []
    }

    /// Puts a question in the region's place and draws no region until `release`.
    func hold(_ question: String) {
        let text = region.isEmpty ? "" : up(size.width) + "\u{1B}[J"
        region = []
        isHeld = true
        write(text + question)
    }

    /// Ends `hold`. `afterLine` says whether the cursor is at the beginning of a line.
    func release(afterLine: Bool) {
        guard isHeld else { return }
        isHeld = false
        if !afterLine { write("\n") }
        let lines = held
        held = []
        update(lines)
    }

    /// Moves to the region's first row on a terminal of that width.
    private func up(_ width: Int) -> String {
        guard !region.isEmpty else { return "" }
        // At the width at which it was drawn, each line has a row of its own.
        guard width < drawnWidth else { return "\r\u{1B}[\(region.count)A" }
        let rows = region.reduce(0) { rows, line in
            rows + max(1, (style.width(of: line) + width - 1) / width)
        }
        return "\r\u{1B}[\(min(rows, size.height))A"
    }

    /// Writes the text as it is. Ends the program if nobody reads the output.
    func write(_ text: String) {
        write(Array(text.utf8))
    }

    func write(_ bytes: [UInt8]) {
        Self.write(bytes)
    }

    /// Writes to standard output. Ends the program if that fails.
    static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.write(STDOUT_FILENO, buffer.baseAddress, buffer.count)
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var poll = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                _ = unsafe Glibc.poll(&poll, 1, 1000)
            } else if errno != EINTR {
                guard errno != EPIPE else { exit(ExitStatus.unread.rawValue) }
                Slipway.complain(
                    "the output cannot be written: \(unsafe String(cString: strerror(errno)))"
                )
                exit(ExitStatus.unwritable.rawValue)
            }
        }
    }
}
