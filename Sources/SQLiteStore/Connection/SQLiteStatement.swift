internal import CSQLite

/// A value for a statement's parameter.
enum SQLiteValue: Equatable {
    case null
    case integer(Int64)
    case text(String)

    /// The text, or null for nil.
    static func optional(_ value: String?) -> SQLiteValue {
        value.map { .text($0) } ?? .null
    }

    /// The integer, or null for nil.
    static func optional(_ value: Int64?) -> SQLiteValue {
        value.map { .integer($0) } ?? .null
    }
}

/// A prepared statement with its current row.
@safe final class SQLiteStatement {
    private let handle: OpaquePointer

    /// Takes over the compiled statement, which it finalizes at its end.
    init(_ handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit {
        unsafe sqlite3_finalize(handle)
    }

    /// Sets the parameters in order; returns SQLite's result code.
    func bind(_ values: [SQLiteValue]) -> Int32 {
        for (index, value) in values.enumerated() {
            let position = Int32(index + 1)
            let code =
                switch value {
                case .null: unsafe sqlite3_bind_null(handle, position)
                case .integer(let number): unsafe sqlite3_bind_int64(handle, position, number)
                case .text(var text):
                    text.withUTF8 { bytes in
                        unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                            unsafe slipway_bind_text(
                                handle,
                                position,
                                characters.baseAddress,
                                Int32(clamping: characters.count)
                            )
                        }
                    }
                }
            guard code == SQLITE_OK else { return code }
        }
        return SQLITE_OK
    }

    /// Moves to the next row; returns SQLite's result code.
    func step() -> Int32 {
        unsafe sqlite3_step(handle)
    }

    /// Ends the run, so that the statement holds no lock and no value.
    func reset() {
        // The result repeats the failure of the latest step, which has been reported.
        _ = unsafe sqlite3_reset(handle)
        _ = unsafe sqlite3_clear_bindings(handle)
    }

    /// The column's integer in the current row; 0 for null.
    func integer(_ column: Int32) -> Int64 {
        unsafe sqlite3_column_int64(handle, column)
    }

    /// The column's text in the current row; empty for null.
    func text(_ column: Int32) -> String {
        unsafe String(decoding: buffer(column), as: UTF8.self)
    }

    /// The UTF-8 bytes of the column's text in the current row; empty for null.
    func utf8(_ column: Int32) -> [UInt8] {
        unsafe Array(buffer(column))
    }

    private func buffer(_ column: Int32) -> UnsafeBufferPointer<UInt8> {
        let start = unsafe sqlite3_column_text(handle, column)
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        return unsafe UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    }
}
