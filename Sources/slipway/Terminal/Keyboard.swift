import Foundation

/// Reads what is typed on the terminal, also if standard input is something else.
enum Keyboard {
    /// Passes on the next line without its line feed; nil if there is no terminal.
    static func readLine(_ give: @escaping @Sendable (String?) -> Void) {
        let thread = Thread {
            guard let terminal = FileHandle(forReadingAtPath: "/dev/tty") else { return give(nil) }
            var line = Data()
            while let byte = try? terminal.read(upToCount: 1), let first = byte.first {
                if first == UInt8(ascii: "\n") {
                    return give(String(decoding: line, as: UTF8.self))
                }
                line.append(first)
            }
            give(nil)
        }
        thread.name = "keyboard"
        thread.start()
    }
}
