import Planning
import PostgresFormat

/// Which segments make up a server's WAL: those on the path to the timeline that is followed.
enum ServerWAL {
    /// In order, one for each number held, from the oldest backup that can be used on; what another timeline
    /// wrote after it was left is not in it, whatever backups or histories there are of that one.
    static func segments(of inventory: Inventory) -> [SegmentName] {
        guard let first = inventory.backups.filter({ $0.damage == nil }).map(\.startLSN).min() else {
            return []
        }
        return inventory.segments.map(\.name).filter { $0.end > first }.sorted { $0.number < $1.number }
    }
}
