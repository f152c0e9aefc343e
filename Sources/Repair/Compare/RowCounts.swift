import Platform

/// Compares rows without a key as multisets, in memory for the texts that there are: millions of rows may
/// have the same one.
struct RowCounts {
    private struct Text: Hashable {
        let high: UInt64
        let low: UInt64

        init(_ row: RowDigest) { (high, low) = (row.rowHigh, row.rowLow) }
    }

    /// Matches that are handed over at once.
    private static let portion = 1 << 12
    /// How many more rows of a text one side has than the other.
    private var surplus: [Text: Int] = [:]

    /// Hands over what one side has more of, some rows at a time; which ones of those that are alike does not
    /// matter.
    static func compare(
        _ here: DigestSpool, _ there: DigestSpool, part: Int, _ body: ([RowMatch]) throws(Problem) -> Void
    ) throws(Problem) {
        var counts = RowCounts()
        try here.forEachPiece(of: part) { rows in rows.forEach { counts.surplus[Text($0), default: 0] += 1 } }
        try there.forEachPiece(of: part) { rows in rows.forEach { counts.surplus[Text($0), default: 0] -= 1 }
        }
        counts.surplus = counts.surplus.filter { $0.value != 0 }
        guard !counts.surplus.isEmpty else { return }
        try counts.handOver(here, part, step: 1, { .onlyHere($0) }, body)
        try counts.handOver(there, part, step: -1, { .onlyThere($0) }, body)
    }

    /// - Parameter step: the sign of a surplus on this side.
    private mutating func handOver(
        _ spool: DigestSpool, _ part: Int, step: Int, _ match: (RowDigest) -> RowMatch,
        _ body: ([RowMatch]) throws(Problem) -> Void
    ) throws(Problem) {
        var waiting: [RowMatch] = []
        try spool.forEachPiece(of: part) { (rows) throws(Problem) in
            for row in rows {
                guard let more = surplus[Text(row)], more.signum() == step else { continue }
                surplus[Text(row)] = more - step
                waiting.append(match(row))
            }
            guard waiting.count >= Self.portion else { return }
            try body(waiting)
            waiting = []
        }
        if !waiting.isEmpty { try body(waiting) }
    }
}
