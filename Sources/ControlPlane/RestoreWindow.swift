import Catalog
import Planning
import Platform
import PostgresFormat
import Repository

/// The two dates that a server promises.
extension ControlPlane {
    /// Earliest: when the oldest backup ended that is sound and has its own WAL. Latest: now where the
    /// source's own log can be read, else the time of the last commit or abort held; never beyond a gap in
    /// the archive.
    func restoreWindow(_ row: ServerRow, state: ServerState) -> (
        earliest: PostgresTimestamp?, latest: PostgresTimestamp?
    ) {
        let layout = layout(row)
        let archive = WALArchive(layout: layout)
        let listed = (try? BackupRepository(layout: layout).list()) ?? []
        let names = (try? archive.names()) ?? []
        let held = Set(names.compactMap(\.walSegment))
        let sound = listed.compactMap(\.descriptor).filter { held.isSuperset(of: $0.requiredSegments) }
        guard let earliest = sound.map(\.stopTime).min(),
            let newest = sound.max(by: { $0.stopLSN < $1.stopLSN })
        else { return (nil, nil) }
        let after = held.filter { $0.timeline == newest.timeline && $0.end > newest.stopLSN }
        if let gap = Self.firstGap(Array(after)) {
            return (
                earliest,
                max(earliest, lastTime(archive, before: gap, on: newest.timeline) ?? newest.stopTime)
            )
        }
        if row.phase == .complete, DurableFiles.status(paths.data(row.id) + "/pg_wal") != nil {
            return (earliest, clock.now())
        }
        return (
            earliest, max(earliest, lastTime(archive, before: nil, on: newest.timeline) ?? newest.stopTime)
        )
    }

    private func lastTime(_ archive: WALArchive, before gap: SegmentName?, on timeline: TimelineID)
        -> PostgresTimestamp?
    {
        let segments = (try? archive.segments()) ?? []
        return segments.filter { segment in
            segment.name.timeline == timeline && gap.map { segment.name < $0 } ?? true
        }.compactMap { $0.summary?.maxStopTime }.max()
    }
}
