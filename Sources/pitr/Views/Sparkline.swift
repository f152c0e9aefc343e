import PostgresFormat
import WALEvents

/// How much was committed when, as a line of bars.
struct Sparkline: Hashable, Sendable {
    private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    private static let nothing: Character = "·"

    let text: String
    /// The first instant of the first bar and the end of the last.
    let start: PostgresTimestamp
    let end: PostgresTimestamp
    let commits: Int
    /// What one bar stands for, in minutes.
    let minutesPerBar: Int

    /// Nil when nothing was committed.
    init?(_ activity: [EventHistory.Minute], width: Int) {
        guard let first = activity.first?.start, let last = activity.last?.start else { return nil }
        let minutes = Int((last.microseconds - first.microseconds) / 60_000_000) + 1
        let width = max(width, 10)
        let perBar = max(1, (minutes + width - 1) / width)
        var counts = [Int](repeating: 0, count: (minutes + perBar - 1) / perBar)
        for minute in activity {
            let index = Int((minute.start.microseconds - first.microseconds) / 60_000_000) / perBar
            if counts.indices.contains(index) { counts[index] += minute.commits }
        }
        let highest = max(counts.max() ?? 1, 1)
        text = String(
            counts.map { count in
                count == 0 ? Self.nothing : Self.bars[min(Self.bars.count * count / (highest + 1), 7)]
            })
        start = first
        end = first.advanced(bySeconds: Int64(counts.count * perBar) * 60)
        commits = activity.reduce(0) { $0 + $1.commits }
        minutesPerBar = perBar
    }
}
