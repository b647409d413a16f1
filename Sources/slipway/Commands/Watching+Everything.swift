import Client
import Deployments
import Sockets
import Terminal
import Threads

extension Watching {
    /// Finds the deployments to be watched in the feed of all deployments, and watches them.
    func discover(_ filters: [(String, String)]) async {
        if !options.isJSON, !options.isQuiet {
            let of = filters.map { " of \($0.0) \(printable($0.1))" }.joined()
            await screen.update([screen.style.bold("Watching everything\(of); Ctrl-C ends")])
        }
        await withDiscardingTaskGroup { group in
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
                    var isFresh = true
                    while let blocks = try await feed.next() {
                        var subjects = blocks.flatMap(Self.subjects)
                        if isFresh, let newest {
                            subjects = try await missed(since: newest, filters, known: subjects)
                        }
                        isFresh = false
                        for subject in subjects {
                            // The deployments under way, and those that began and ended while there was no
                            // connection.
                            guard state[subject.id] == nil,
                                !subject.isFinal || newest.map({ subject.number > $0 }) == true
                            else { continue }
                            add(subject)
                            group.addTask { await self.followAndForget(subject.id) }
                        }
                        newest = max(newest ?? 0, subjects.map(\.number).max() ?? 0)
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
                        await notice("connection lost (\(error)); connecting again")
                    }
                    // If the task is cancelled, the loop ends.
                    try? await Task.pause(for: .seconds(min(attempt, 5)))
                }
            }
            if isRefused { group.cancelAll() }
        }
    }

    /// Follows a deployment to its end, and keeps it on the screen for a moment.
    private func followAndForget(_ id: DeploymentID) async {
        await follow(id)
        // If the task is cancelled, the watch ends anyway.
        try? await Task.pause(for: .seconds(5))
        state.remove(id)
        lines.forget(id)
        finals[id] = nil
    }

    /// The known deployments, with those of the history that are newer than `newest` but not among them.
    private func missed(
        since newest: Int64,
        _ filters: [(String, String)],
        known: [WatchSubject]
    ) async throws(ClientError) -> [WatchSubject] {
        // A snapshot has the newest 100 deployments and those under way.
        guard known.count >= 100 else { return known }
        var subjects = known
        var place: [(String, String)] = []
        for _ in 0..<20 {
            let query = filters + [("limit", "500")] + place
            let page = try await client.server.json("GET", "/api/deployments", query: query)
            let more = (page["deployments"]?.elements ?? []).compactMap(WatchSubject.init)
            let isKnown = Set(subjects.map(\.id))
            subjects = more.reversed().filter { !isKnown.contains($0.id) } + subjects
            guard let cursor = page["next_cursor"]?.string,
                more.allSatisfy({ $0.number > newest })
            else { break }
            place = [("cursor", cursor)]
        }
        return subjects
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
