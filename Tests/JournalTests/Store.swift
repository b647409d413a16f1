import Journal
import SQLiteStore
import Testing

/// The stores that must do what a journal promises. The suites in `Contract` hold for each of them.
enum Store: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite = "SQLite"

    var testDescription: String { rawValue }

    /// Opens the journal that is kept in the directory, which belongs to one test.
    func open(_ directory: TemporaryDirectory) async throws(JournalError) -> any Journal {
        switch self {
        case .sqlite: try await SQLiteJournal.open(directory: directory.path)
        }
    }
}
