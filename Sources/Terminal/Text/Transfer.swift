import Deployments

/// What an event's detail tells of bytes that move.
struct Transfer {
    /// `41.2/96.0 MB`.
    let amount: String
    /// `20.5 MB/s`; nil if it is not known.
    let rate: String?
    /// `3s left`; nil if it is not known.
    let timeLeft: String?

    /// Nil if the detail tells of no bytes.
    init?(_ detail: JSONValue?) {
        guard let done = detail?["bytes_done"]?.integer, let total = detail?["bytes_total"]?.integer
        else { return nil }
        amount = byteText(done, of: total, separator: "/")
        guard done < total else {
            rate = nil
            timeLeft = nil
            return
        }
        rate = detail?["bytes_per_second"]?.integer.map { "\(byteText($0))/s" }
        timeLeft = detail?["eta_seconds"]?.integer.map { seconds in
            let bounded = min(max(seconds, 0), Int64(Int32.max))
            return "\(DurationText.text(milliseconds: bounded * 1000)) left"
        }
    }
}
