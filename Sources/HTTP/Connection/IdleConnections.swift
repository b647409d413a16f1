internal import Sockets

/// The connections that wait for a request, the one that has waited longest first.
///
/// A list that runs through the connections themselves: coming and going costs the same however
/// many there are.
@EventLoop
final class IdleConnections {
    /// A connection's place in the list.
    struct Place {
        fileprivate var isIn = false
        /// In milliseconds of the loop.
        fileprivate var since = 0
        fileprivate var before: Connection?
        fileprivate var after: Connection?
    }

    private var first: Connection?
    private var last: Connection?

    nonisolated init() {}

    /// The connection waits from now on; does nothing where it already does.
    func add(_ connection: Connection) {
        guard !connection.idlePlace.isIn else { return }
        connection.idlePlace.isIn = true
        connection.idlePlace.since = Poller.shared.milliseconds
        connection.idlePlace.before = last
        last?.idlePlace.after = connection
        if first == nil { first = connection }
        last = connection
    }

    /// It waits no more; does nothing where it did not.
    func remove(_ connection: Connection) {
        let place = connection.idlePlace
        guard place.isIn else { return }
        if let before = place.before {
            before.idlePlace.after = place.after
        } else {
            first = place.after
        }
        if let after = place.after {
            after.idlePlace.before = place.before
        } else {
            last = place.before
        }
        connection.idlePlace = Place()
    }

    /// The connection that has waited longest, if it has waited for at least this many milliseconds.
    func longest(atLeast milliseconds: Int) -> Connection? {
        guard let first, Poller.shared.milliseconds - first.idlePlace.since >= milliseconds else {
            return nil
        }
        return first
    }
}
