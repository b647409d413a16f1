/// Cuts what a program writes to a terminal or a pipe into pieces of text.
///
/// A piece ends at a line feed, at a carriage return, and wherever the cursor is moved or the line
/// erased. All other control sequences are left out. The pieces are the same however the input is
/// cut, and no input takes more memory than one piece of `limit` bytes.
public struct TerminalOutput: Sendable {
    private let limit: Int
    private var piece: [UInt8] = []
    private var state = State.text

    private enum State {
        case text
        case escape
        /// Inside a control sequence (ECMA-48 section 5.4) of which this many bytes have come.
        case control(Int)
    }

    /// No meaningful control sequence is longer.
    private static let longestControl = 64

    /// - Parameter limit: the number of bytes of one piece that are kept; the rest is dropped.
    public init(limit: Int = 1024) {
        self.limit = limit
    }

    /// Takes bytes and calls `take` with each piece that they complete; no piece is empty.
    public mutating func feed(_ bytes: [UInt8], _ take: ([UInt8]) -> Void) {
        for byte in bytes {
            switch state {
            case .text: text(byte, take)
            case .escape:
                state = .text
                if byte == UInt8(ascii: "[") {
                    state = .control(0)
                } else if byte < 0x20 {
                    text(byte, take)
                }
            case .control(let count): control(byte, count, take)
            }
        }
    }

    /// Calls `take` with the text after the last end of a piece.
    public mutating func finish(_ take: ([UInt8]) -> Void) {
        end(take)
        state = .text
    }

    private mutating func text(_ byte: UInt8, _ take: ([UInt8]) -> Void) {
        switch byte {
        case 0x0A, 0x0D: end(take)
        case 0x1B: state = .escape
        case 0x09: append(0x20)
        case 0..<0x20, 0x7F: break
        default: append(byte)
        }
    }

    private mutating func control(_ byte: UInt8, _ count: Int, _ take: ([UInt8]) -> Void) {
        switch byte {
        case 0x40...0x7E:
            state = .text
            // `m` changes colours within a line; the others move or erase.
            if byte != UInt8(ascii: "m") { end(take) }
        case 0..<0x20, 0x7F...:
            state = .text
            text(byte, take)
        default:
            state = count < Self.longestControl ? .control(count + 1) : .text
        }
    }

    private mutating func append(_ byte: UInt8) {
        if piece.count < limit { piece.append(byte) }
    }

    private mutating func end(_ take: ([UInt8]) -> Void) {
        if !piece.isEmpty { take(piece) }
        piece.removeAll(keepingCapacity: true)
    }
}
