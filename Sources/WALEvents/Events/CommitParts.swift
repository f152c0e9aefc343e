public import PostgresFormat

/// Commits in equal parts of a stretch of time, each counted by its own clock: where minutes are too coarse.
public struct CommitParts: Hashable, Sendable {
    public let from: PostgresTimestamp
    /// Inclusive.
    public let to: PostgresTimestamp
    public private(set) var counts: [Int]

    /// - Parameter count: at least 1.
    public init(from: PostgresTimestamp, to: PostgresTimestamp, count: Int) {
        self.from = from
        self.to = max(from, to)
        counts = [Int](repeating: 0, count: max(1, count))
    }

    /// One that lies outside is not counted.
    public mutating func add(_ time: PostgresTimestamp) {
        guard time >= from, time <= to else { return }
        let length = Double(max(1, to.microseconds - from.microseconds))
        let share = Double(time.microseconds - from.microseconds) / length
        counts[min(Int(share * Double(counts.count)), counts.count - 1)] += 1
    }

    /// Whether one in this minute, counted from 2000 on, may lie inside.
    public func meets(minute: Int64) -> Bool {
        let start = PostgresTimestamp(microseconds: minute * 60_000_000)
        return start <= to && start.advanced(bySeconds: 60) > from
    }
}
