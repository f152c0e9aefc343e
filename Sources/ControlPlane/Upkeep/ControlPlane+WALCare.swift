import Catalog
import Holdings
import Planning
import Platform
import PostgresFormat
import Repository
import ServiceModel
import WALEvents

/// What maintenance does for a server's WAL.
extension ControlPlane {
    /// Makes anew the indexes that are missing or were made from something else.
    func indexIfDue(_ row: ServerRow, dryRun: Bool) throws -> [MaintenanceAction] {
        let layout = layout(row)
        let now = clock.now().unixMicroseconds / 1_000_000
        let due = try reader(of: row).indexes(.summary).filter { entry in
            layout.archivedAt(.segment(entry.segment)).map { entry.isDue(storedAt: $0, now: now) } ?? false
        }
        guard let first = due.first else { return [] }
        let reason = first.reason ?? "there is none"
        return [
            act(
                row.name, "index-wal",
                due.count == 1 ? first.segment.fileName : "\(due.count) segments from \(first.segment) on",
                reason, dryRun: dryRun
            ) {
                _ = try rebuildIndexes(of: row, all: false)
            }
        ]
    }

    /// Behind damage in its WAL a running server can be restored again from the next base backup on, so that
    /// is taken at once.
    func backUpBehindDamage(_ row: ServerRow, dryRun: Bool) throws -> [MaintenanceAction] {
        if let gap = try gapBehindBackups(of: row) {
            let reason = "WAL from \(gap) on was gone from the source before it was received"
            return [
                act(row.name, "backup", row.name, reason, dryRun: dryRun) {
                    _ = try takeBackup(row, name: nil, onDemand: false)
                }
            ]
        }
        guard let damage = damageBehindBackups(of: row) else { return [] }
        return [
            act(
                row.name, "backup", row.name,
                "its WAL is damaged at \(damage): nothing behind that can be restored without a base backup",
                dryRun: dryRun
            ) { _ = try takeBackup(row, name: nil, onDemand: false) }
        ]
    }

    /// Whether a server could come back as it is now, from its newest base backup on.
    func isWholeFromNewestBackup(_ row: ServerRow) -> Bool {
        let tailDirectory = newTailDirectory()
        // What is left of it is removed by maintenance.
        defer { try? DurableFiles.removeTree(tailDirectory) }
        // What cannot be told is not relied on.
        let held = try? reader(of: row).held(for: .latest, tailDirectory: tailDirectory)
        return held?.inventory.isWholeFromNewestBackup ?? false
    }

    /// Where the WAL is damaged that follows on the newest base backup.
    private func damageBehindBackups(of row: ServerRow) -> LSN? {
        let tailDirectory = newTailDirectory()
        defer { try? DurableFiles.removeTree(tailDirectory) }
        // What cannot be told now is told by the next maintenance, or by a restore.
        let held = try? reader(of: row).held(for: .latest, tailDirectory: tailDirectory)
        return held?.inventory.lastDamage?.begin
    }
}
