internal import Sockets

/// The limits that are times, in the loop's steps.
struct Timeouts: Sendable {
    let header: Ticks
    let body: Ticks
    let idle: Ticks
    let halfClose: Ticks
    let linger: Ticks
    let stop: Ticks
    let heartbeat: Ticks

    init(_ limits: ServerLimits) {
        header = Ticks(limits.headerTimeout)
        body = Ticks(limits.bodyTimeout)
        idle = Ticks(limits.idleTimeout)
        halfClose = Ticks(limits.halfCloseGrace)
        linger = Ticks(limits.lingerTimeout)
        stop = Ticks(limits.stopTimeout)
        heartbeat = Ticks(limits.heartbeat)
    }
}
