import Catalog
import Instance
import Platform
import PostgresFormat
import ServiceModel

/// The planner's statistics of an upgraded server.
///
/// A file in its folder tells that they are due, from before it has the place until they are made: whatever
/// ends the upgrade meanwhile, maintenance makes them.
extension ControlPlane {
    /// For a server that is not finished yet.
    func oweStatistics(_ row: ServerRow) throws {
        try DurableFiles.write([], to: paths.statisticsDue(row.id))
    }

    /// Makes them, of a running server, where they are due and nobody else is at it.
    ///
    /// - Returns: what is missing then.
    func makeStatistics(_ row: ServerRow) -> [String] {
        do {
            try makeDueStatistics(row)
            return []
        } catch {
            // Every row is there without them.
            return [
                "The planner's statistics are missing: 'pitr maintain' makes them, and so does ANALYZE in "
                    + "each database. \(Self.problem(from: error).sentences)"
            ]
        }
    }

    /// As part of maintenance.
    func makeStatisticsIfDue(_ row: ServerRow, dryRun: Bool) throws -> [MaintenanceAction] {
        let file = paths.statisticsDue(row.id)
        guard let due = DurableFiles.status(file), state(row) == .ready,
            due.size == 0 || clock.now().unixMicroseconds / 1_000_000 - due.modified > 86_400
        else { return [] }
        if !dryRun {
            // Somebody is at it already.
            if try DirectoryLock.isHeld(file) { return [] }
        }
        return [
            act(
                row.name, "analyze", row.name, "it was upgraded, and its statistics were not made",
                dryRun: dryRun
            ) {
                do {
                    try makeDueStatistics(row)
                } catch {
                    // It would take as long again: not before tomorrow. Where that cannot be noted, the
                    // server has gone.
                    try? DurableFiles.write(Array("failed\n".utf8), to: file)
                    throw error
                }
            }
        ]
    }

    /// Without the server's lock: nothing else has to wait for it.
    private func makeDueStatistics(_ row: ServerRow) throws {
        let file = paths.statisticsDue(row.id)
        guard DurableFiles.exists(file), let lock = try DirectoryLock.attempt(file) else { return }
        defer { lock.release() }
        try instance(row).makeStatistics()
        try DurableFiles.removeFile(file)
    }
}
