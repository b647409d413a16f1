import Deployments

/// The progress of a transfer, read from an event's detail.
struct Transfer {
    /// The bytes done and the total: `41.2/96.0 MB`.
    let amount: String
    /// The rate, `20.5 MB/s`; nil if it is not known.
    let rate: String?
    /// The time left, `3s left`; nil if it is not known.
    let timeLeft: String?

    /// Reads the detail; nil if it has no bytes.
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
