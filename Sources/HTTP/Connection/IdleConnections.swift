internal import Sockets

/// The connections that wait for a request; the one that has waited longest is the first.
///
/// The list is linked through the connections themselves, so that adding and removing cost the same
/// for any number of them.
@EventLoop
final class IdleConnections {
    /// A connection's place in the list.
    struct Place {
        fileprivate var isIn = false
        /// The loop's time in milliseconds at which the connection was added.
        fileprivate var since = 0
        fileprivate var before: Connection?
        fileprivate var after: Connection?
    }

    private var first: Connection?
    private var last: Connection?

    nonisolated init() {}

    /// Adds the connection to the idle ones; does nothing if it is among them already.
    func add(_ connection: Connection) {
        guard !connection.idlePlace.isIn else { return }
        connection.idlePlace.isIn = true
        connection.idlePlace.since = Poller.shared.milliseconds
        connection.idlePlace.before = last
        last?.idlePlace.after = connection
        if first == nil { first = connection }
        last = connection
    }

    /// Removes the connection from the idle ones; does nothing if it is not among them.
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
