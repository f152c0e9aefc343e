import Catalog
import Planning
import Platform
import PostgresFormat
import Repository
import Restore

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
        let directory = paths.data(row.id) + "/pg_wal"
        let size = (try? layout.identity().segmentSize) ?? .standard
        let own = row.phase == .complete ? try? SourceTail.timeline(of: directory, segmentSize: size) : nil
        let histories = (try? HeldHistories(archive).parsed) ?? [:]
        guard
            let timeline = own
                ?? (held.map(\.timeline) + listed.compactMap(\.descriptor?.timeline)).max()
        else { return (nil, nil) }
        let path = TimelinePath(histories[timeline] ?? TimelineHistory(root: timeline))
        let onPath = path.choose(from: held, histories: histories)
        let numbers = Set(onPath.map(\.name.number))
        let sound = listed.compactMap(\.descriptor).filter { backup in
            path.use(ofBackupOn: backup.timeline, endingAt: backup.stopLSN) == .usable
                && numbers.isSuperset(of: backup.requiredSegments.map(\.number))
        }
        guard let earliest = sound.map(\.stopTime).min(),
            let newest = sound.max(by: { $0.stopLSN < $1.stopLSN })
        else { return (nil, nil) }
        let after = onPath.map(\.name.number).filter { ($0 + 1) * size.bytes > newest.stopLSN.rawValue }
        if let gap = Self.firstGap(after) {
            return (earliest, max(earliest, lastTime(archive, onPath, before: gap) ?? newest.stopTime))
        }
        if row.phase == .complete, DurableFiles.status(directory) != nil {
            return (earliest, clock.now())
        }
        return (earliest, max(earliest, lastTime(archive, onPath, before: .max) ?? newest.stopTime))
    }

    /// The number of the first segment missing between the first and the last.
    private static func firstGap(_ numbers: [UInt64]) -> UInt64? {
        zip(numbers, numbers.dropFirst()).first { $0 + 1 < $1 }.map { $0.0 + 1 }
    }

    private func lastTime(_ archive: WALArchive, _ path: [PathSegment], before gap: UInt64)
        -> PostgresTimestamp?
    {
        let files = Set(path.filter { $0.name.number < gap && $0.limit == nil }.map(\.file))
        let segments = (try? archive.segments()) ?? []
        return segments.filter { files.contains($0.name) }.compactMap { $0.summary?.maxStopTime }.max()
    }
}
