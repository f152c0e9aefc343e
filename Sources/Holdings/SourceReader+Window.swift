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
        let size = (try? layout.identity().segmentSize) ?? .standard
        let directory = source.cluster?.walDirectory
        let own = directory.flatMap { try? SourceTail.timeline(of: $0, segmentSize: size) }
        let evidence = RepositoryEvidence(
            ownTimeline: own, size: size, backups: try? BackupRepository(layout: layout).listing(),
            histories: (try? HeldHistories(archive).parsed) ?? [:])
        guard let past = concluded("window", evidence, { archivedPast(evidence) }) else { return (nil, nil) }
        let earliest = past.earliest
        let newest = past.newest
        if let latest = past.latest { return (earliest, latest) }
        var held: PostgresTimestamp? {
            concluded("last time", evidence) { lastTime(past.onPath, before: .max) }
        }
        if let received = source.cluster?.received {
            // Behind a gap nothing is of use before the next base backup.
            let next = (try? received.segments(size))?.first { $0.timeline == past.timeline }?.number
            let isGap = next.map { next in past.lastNumber.map { $0 + 1 < next } ?? false } ?? false
            let known = isGap ? nil : received.status()?.confirmedThere
            return (earliest, max(earliest, known ?? held ?? newest.stopTime))
        }
        if let directory, DurableFiles.status(directory) != nil {
            // A backup may have been taken while the clock was ahead.
            let now = max(earliest, clock.now())
            let next = past.onPath.last { $0.limit == nil }.map { $0.name.end } ?? newest.startLSN
            guard
                let damage = unarchivedDamage(
                    from: max(next, past.begin ?? .zero), on: past.timeline, size)
            else { return (earliest, now) }
            return (earliest, Self.promise(damage.lastTime ?? held, newest.stopTime))
        }
        return (earliest, max(earliest, held ?? newest.stopTime))
    }

    /// What of the repository the dates are concluded from beside the archive.
    private struct RepositoryEvidence: Equatable, Sendable {
        /// Of the source's own WAL.
        var ownTimeline: TimelineID?
        var size: WALSegmentSize
        var backups: BackupListing?
        var histories: [TimelineID: TimelineHistory]
    }

    /// What the repository alone tells.
    private struct ArchivedPast: Sendable {
        var timeline: TimelineID
        var begin: LSN?
        var onPath: [PathSegment]
        var earliest: PostgresTimestamp
        var newest: BackupDescriptor
        /// Of the last segment that has something from behind the newest backup.
        var lastNumber: UInt64?
        /// Where a gap or damage ends what can be promised.
        var latest: PostgresTimestamp?
    }

    private func concluded<Value: Sendable>(
        _ name: String, _ evidence: RepositoryEvidence, _ make: () -> Value
    ) -> Value {
        archive.remembered?.conclusion(name, for: evidence, make) ?? make()
    }

    /// Nil where nothing can be promised.
    private func archivedPast(_ evidence: RepositoryEvidence) -> ArchivedPast? {
        let archive = archive
        let size = evidence.size
        let listed = evidence.backups?.backups ?? []
        let held = Set(((try? archive.names()) ?? []).compactMap(\.walSegment))
        let known = held.map(\.timeline) + listed.compactMap(\.descriptor?.timeline)
        guard let timeline = evidence.ownTimeline ?? known.max() else { return nil }
        let path = TimelinePath(evidence.histories[timeline] ?? TimelineHistory(root: timeline))
        let onPath = path.choose(from: held, histories: evidence.histories)
        let numbers = Set(onPath.map(\.name.number))
        let sound = listed.filter { stored in
            guard let backup = stored.descriptor else { return false }
            return path.use(ofBackupOn: backup.timeline, endingAt: backup.stopLSN) == .usable
                && numbers.isSuperset(of: backup.requiredSegments.map(\.number))
                && stored.lastCheck?.outcome != .damagedFiles
        }.compactMap(\.descriptor)
        guard let earliest = sound.map(\.stopTime).min(),
            let newest = sound.max(by: { $0.stopLSN < $1.stopLSN })
        else { return nil }
        let after = onPath.map(\.name.number).filter { ($0 + 1) * size.bytes > newest.stopLSN.rawValue }
        var past = ArchivedPast(
            timeline: timeline, begin: path.begin, onPath: onPath, earliest: earliest, newest: newest,
            lastNumber: after.last)
        if let gap = Self.firstGap(after) {
            past.latest = max(earliest, lastTime(onPath, before: gap) ?? newest.stopTime)
            return past
        }
        // Behind the newest backup only: another damage is one that it can be restored without.
        let behind = Set(after)
        let newer = onPath.filter { $0.limit == nil && behind.contains($0.name.number) }.map(\.file)
        let crossings = Self.damagedCrossings(newer, in: archive)
        let damaged = (newer.compactMap { Self.damage(of: $0, in: archive) } + crossings)
            .min { $0.begin < $1.begin }
        if let damaged {
            past.latest = Self.promise(
                lastTime(onPath, before: damaged.name.number + 1), newest.stopTime)
        }
        return past
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

    private func lastTime(_ path: [PathSegment], before gap: UInt64) -> PostgresTimestamp? {
        let files = Set(path.filter { $0.name.number < gap && $0.limit == nil }.map(\.file))
        let segments = (try? archive.segments()) ?? []
        return segments.filter { files.contains($0.name) }.compactMap { $0.summary?.maxStopTime }.max()
    }
}
