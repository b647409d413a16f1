import Client
import Deployments
import Terminal

extension Watching {
    /// Finds what is to be watched in the feed of everything, and watches it.
    func discover(_ filters: [(String, String)]) async {
        if !options.isJSON, !options.isQuiet {
            let of = filters.map { " of \($0.0) \(printable($0.1))" }.joined()
            await screen.update([screen.style.bold("Watching everything\(of); Ctrl-C ends")])
        }
        await withTaskGroup(of: Void.self) { group in
            var newest: Int64?
            var attempt = 0
            while !Task.isCancelled {
                do throws(ClientError) {
                    let feed = try await client.server.events(
                        "/api/events/stream",
                        query: filters + [("types", "deployment.upsert")]
                    )
                    if attempt > 0 { await notice("connected again") }
                    if lost.isEmpty { state.connection = .live }
                    attempt = 0
                    while let blocks = try await feed.next() {
                        for subject in blocks.flatMap(Self.subjects) {
                            // At first what is under way; later also what has begun and ended
                            // while there was no connection.
                            guard state[subject.id] == nil,
                                newest.map({ subject.number > $0 }) ?? !subject.isFinal
                            else { continue }
                            add(subject)
                            group.addTask { await self.follow(subject.id) }
                        }
                        let numbers = blocks.flatMap(Self.subjects).map(\.number)
                        newest = max(newest ?? 0, numbers.max() ?? 0)
                    }
                    throw .lost("the feed ended")
                } catch {
                    guard newest != nil, error.mayPass, !Task.isCancelled else {
                        if !Task.isCancelled {
                            isRefused = true
                            await notice("\(error)")
                        }
                        break
                    }
                    attempt += 1
                    if attempt == 1 {
                        await notice("connection lost (\(error)); taking it up again")
                    }
                    // Cancelled: the loop ends.
                    try? await Task.sleep(for: .seconds(min(attempt, 5)))
                }
            }
            if isRefused { group.cancelAll() }
        }
    }

    private static func subjects(in block: ServerSentEvent) -> [WatchSubject] {
        guard let json = try? JSONValue(parsing: Array(block.data.utf8)),
            let payload = json["payload"]
        else { return [] }
        switch json["type"]?.string {
        case "snapshot":
            let subjects = (payload["deployments"]?.elements ?? []).compactMap(WatchSubject.init)
            return subjects.sorted { $0.number < $1.number }
        case "deployment.upsert": return WatchSubject(payload).map { [$0] } ?? []
        default: return []
        }
    }
}
