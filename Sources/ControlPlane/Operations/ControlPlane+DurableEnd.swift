import Catalog
import Holdings
import Planning
import Platform
import PostgresFormat
import ServiceModel

extension ControlPlane {
    /// The latest moment of a source as a target that stays the same: by its WAL, since a clock may be set
    /// back before the work begins.
    ///
    /// - Parameter mode: one that hands PostgreSQL a time keeps the time.
    func durableNow(_ source: ServerRow, mode: TargetMode) -> RequestedTarget {
        let now = clock.now()
        guard mode != .time, let end = durableEnd(of: source) else { return .latest(asOf: now) }
        return .durable(upTo: end, asOf: now)
    }

    /// Up to where a source's WAL is on its disk; nil where that cannot be told now. The work itself then
    /// says why.
    private func durableEnd(of source: ServerRow) -> LSN? {
        // Of a pair's view the server itself is asked, where it is there.
        guard let row = try? kept(id: source.id), row.phase == .complete else { return nil }
        let reader = reader(of: row)
        // What somebody was told to be committed belongs to it.
        try? reader.awaitFlush()
        if let end = try? reader.flushedEnd() { return end }
        let tailDirectory = newTailDirectory()
        // What is left there is removed by maintenance.
        defer { try? DurableFiles.removeTree(tailDirectory) }
        guard let held = try? reader.held(for: .latest, tailDirectory: tailDirectory) else {
            return nil
        }
        return try? RestorePlanner(inventory: held.inventory, source: held.wal).lastEnd()
    }
}
