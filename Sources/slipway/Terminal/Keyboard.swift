import Foundation

/// What is typed on the terminal, wherever standard input comes from.
enum Keyboard {
    /// Gives the next line, without its end; nil if there is no terminal.
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
