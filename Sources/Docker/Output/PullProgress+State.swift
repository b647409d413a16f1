extension PullProgress {
    /// What is known about one layer.
    struct State: Equatable {
        /// Compressed bytes; 0 while unknown.
        var size: Int64 = 0
        /// Whether the size is exact, as in the manifest. On a terminal, it is rounded.
        var isInManifest = false
        var downloaded: Int64 = 0
        var isDownloaded = false
        var extracted = 0.0
        var isComplete = false
        var retrying: String?
        /// The last line, so that repetition is not taken for progress; nil if there was none.
        var lastLine: [UInt8]?

        var fraction: Double {
            if isComplete { return 1 }
            guard !isDownloaded else { return 0.8 + 0.2 * extracted }
            return size > 0 ? 0.8 * min(1, Double(downloaded) / Double(size)) : 0
        }

        var bytesDone: Int64 { isDownloaded ? max(size, downloaded) : downloaded }

        /// Takes what a line says. States may come twice, out of order or not at all, and a download that
        /// is tried again starts from zero. Therefore, nothing here ever decreases.
        mutating func apply(_ line: Line.State) {
            retrying = nil
            switch line {
            case .waiting, .other: break
            case .downloading(let amount, let total):
                learn(total)
                guard let amount else { break }
                downloaded = max(downloaded, size > 0 ? min(amount, size) : amount)
            case .downloaded: isDownloaded = true
            case .extracting(let amount, let total):
                learn(total)
                isDownloaded = true
                guard let amount, size > 0 else { break }
                extracted = max(extracted, min(1, Double(amount) / Double(size)))
            case .complete:
                isDownloaded = true
                isComplete = true
            case .retrying(let message): retrying = message
            }
        }

        private mutating func learn(_ total: Int64?) {
            if let total, !isInManifest { size = max(size, total) }
        }
    }
}
