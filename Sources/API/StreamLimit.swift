import Metrics

/// How many event streams may be open.
struct StreamLimit: Sendable {
    let count: Int
    /// How many are open now.
    let open: @Sendable () -> Int
    /// Streams that were one too many.
    let refused = Counter()

    /// Refuses one more where there are as many as there may be.
    func check() throws {
        guard open() >= count else { return }
        refused.add()
        throw Refusal(
            ProblemDetails(
                429,
                "Too Many Requests",
                "\(count) event streams are open already."
            ).with(header: "Retry-After", "5")
        )
    }
}
