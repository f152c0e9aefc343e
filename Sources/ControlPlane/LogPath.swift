import Planning
import Platform
import PostgresFormat
import Repository

/// Which segments make up a server's log: those of its last timeline, and of its ancestors before it.
enum LogPath {
    /// In order, one for each number held; what another timeline wrote after it was left is not in it.
    static func segments(of inventory: Inventory, _ archive: WALArchive) throws(Problem) -> [SegmentName] {
        let held = Set(inventory.segments.map(\.name))
        let backups = inventory.backups.filter { $0.damage == nil }
        guard let newest = backups.max(by: { $0.stopLSN < $1.stopLSN }) else { return [] }
        let first = backups.map(\.startLSN).min() ?? newest.startLSN
        var history = TimelineHistory(root: newest.timeline)
        for timeline in try archive.histories().reversed() {
            guard let text = try archive.history(timeline),
                let parsed = try? TimelineHistory(parsing: text, of: timeline),
                parsed.contains(newest.timeline, upTo: newest.stopLSN)
            else { continue }
            history = parsed
            break
        }
        let path = [history.timeline] + history.entries.reversed().map(\.timeline)
        let size = inventory.segmentSize.bytes
        let numbers = Set(held.filter { $0.number >= first.rawValue / size }.map(\.number))
        return numbers.sorted().compactMap { number in
            // PostgreSQL too looks for a segment under the newest timeline first.
            path.lazy.map { SegmentName(timeline: $0, number: number, size: inventory.segmentSize) }
                .first { held.contains($0) }
        }
    }
}
