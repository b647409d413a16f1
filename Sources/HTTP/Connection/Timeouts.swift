internal import Sockets

/// The time limits in the loop's steps.
struct Timeouts: Sendable {
    let header: Ticks
    let idle: Ticks
    /// The least idle time in milliseconds.
    let leastIdle: Int
    let halfClose: Ticks
    let linger: Ticks
    let stop: Ticks
    let heartbeat: Ticks
    /// The rate for content that comes and for answers that are taken.
    let pace: TransferRateLimit

    init(_ limits: ServerLimits) {
        header = Ticks(limits.headerTimeout)
        idle = Ticks(limits.idleTimeout)
        leastIdle = Int(limits.leastIdle / .milliseconds(1))
        halfClose = Ticks(limits.halfCloseGrace)
        linger = Ticks(limits.lingerTimeout)
        stop = Ticks(limits.stopTimeout)
        heartbeat = Ticks(limits.heartbeat)
        pace = TransferRateLimit(
            silence: limits.bodyTimeout,
            bytesPerSecond: limits.leastBytesPerSecond
        )
    }
}
