import Planning
import Platform
public import PostgresFormat
import Repository

/// The two dates that a source promises.
extension SourceReader {
    /// Earliest: when the oldest backup ended that is sound and has its own WAL. Latest: now where the
    /// source's own WAL can be read, else the time of the last commit or abort held; never beyond a gap in
    /// the archive.
    public func window() -> (earliest: PostgresTimestamp?, latest: PostgresTimestamp?) {
        let archive = archive
        let listed = (try? BackupRepository(layout: layout).list()) ?? []
        let names = (try? archive.names()) ?? []
        let held = Set(names.compactMap(\.walSegment))
        let directory = source.cluster?.walDirectory
        let size = (try? layout.identity().segmentSize) ?? .standard
        let own = directory.flatMap { try? SourceTail.timeline(of: $0, segmentSize: size) }
        let histories = (try? HeldHistories(archive).parsed) ?? [:]
        guard
            let timeline = own
                ?? (held.map(\.timeline) + listed.compactMap(\.descriptor?.timeline)).max()
        else { return (nil, nil) }
        let path = TimelinePath(histories[timeline] ?? TimelineHistory(root: timeline))
        let onPath = path.choose(from: held, histories: histories)
        let numbers = Set(onPath.map(\.name.number))
        let sound = listed.filter { stored in
            guard let backup = stored.descriptor else { return false }
            return path.use(ofBackupOn: backup.timeline, endingAt: backup.stopLSN) == .usable
                && numbers.isSuperset(of: backup.requiredSegments.map(\.number))
                && stored.lastCheck?.outcome != .damagedFiles
        }.compactMap(\.descriptor)
        guard let earliest = sound.map(\.stopTime).min(),
            let newest = sound.max(by: { $0.stopLSN < $1.stopLSN })
        else { return (nil, nil) }
        let after = onPath.map(\.name.number).filter { ($0 + 1) * size.bytes > newest.stopLSN.rawValue }
        if let gap = Self.firstGap(after) {
            return (earliest, max(earliest, lastTime(archive, onPath, before: gap) ?? newest.stopTime))
        }
        // Behind the newest backup only: another damage is one that it can be restored without.
        let newer = onPath.filter { $0.limit == nil && after.contains($0.name.number) }.map(\.file)
        let crossings = Self.damagedCrossings(newer, in: archive)
        let damaged = (newer.compactMap { Self.damage(of: $0, in: archive) } + crossings)
            .min { $0.begin < $1.begin }
        if let damaged {
            let last = lastTime(archive, onPath, before: damaged.name.number + 1)
            return (earliest, Self.promise(last, newest.stopTime))
        }
        if let received = source.cluster?.received {
            let held = lastTime(archive, onPath, before: .max)
            // Behind a gap nothing is of use before the next base backup.
            let next = (try? received.segments(size))?.first { $0.timeline == timeline }?.number
            let isGap = next.map { next in after.last.map { $0 + 1 < next } ?? false } ?? false
            let known = isGap ? nil : received.status()?.confirmedThere
            return (earliest, max(earliest, known ?? held ?? newest.stopTime))
        }
        if let directory, DurableFiles.status(directory) != nil {
            // A backup may have been taken while the clock was ahead.
            let now = max(earliest, clock.now())
            let next = onPath.last { $0.limit == nil }.map { $0.name.end } ?? newest.startLSN
            guard
                let damage = unarchivedDamage(
                    from: max(next, path.begin ?? .zero), on: timeline, size)
            else { return (earliest, now) }
            let last = damage.lastTime ?? lastTime(archive, onPath, before: .max)
            return (earliest, Self.promise(last, newest.stopTime))
        }
        return (earliest, max(earliest, lastTime(archive, onPath, before: .max) ?? newest.stopTime))
    }

    /// Up to when everything can be promised in front of damage: short of the last commit or abort there, as
    /// only what follows tells what a time includes.
    private static func promise(
        _ last: PostgresTimestamp?, _ backup: PostgresTimestamp
    ) -> PostgresTimestamp {
        max(backup, last?.advanced(byMicroseconds: -1) ?? backup)
    }

    private static func damage(of name: SegmentName, in archive: WALArchive) -> DamagedSegment? {
        guard let segment = try? archive.segment(name), let summary = segment.summary, !summary.isComplete,
            !summary.mayEndWithStraddlingSwitch
        else { return nil }
        return DamagedSegment(segment, summary)
    }

    private static func damagedCrossings(_ names: [SegmentName], in archive: WALArchive) -> [DamagedSegment] {
        let segments = names.compactMap { name in
            (try? archive.segment(name))?.summary.map { InventorySegment(name: name, summary: $0) }
        }.sorted { $0.name.number < $1.name.number }
        return wrongCrossings(segments).compactMap { position in
            segments.first { $0.name.start <= position && position < $0.name.end }.map {
                DamagedSegment(name: $0.name, reason: "a record that goes on behind it", position: position)
            }
        }
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
