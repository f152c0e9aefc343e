public import Planning
import Platform
import PostgresFormat
import Repository
import WALEvents

/// How much room replay takes beyond what a base backup has.
extension SourceReader {
    /// Archived segments without an index that tells, of which WAL itself is read; others count with their
    /// size.
    private static let mostRead = 8
    private static let portion = 256

    /// Bytes that replaying a plan's WAL adds to the files of relations, at the most at once: never less than
    /// it does, as far as WAL tells.
    ///
    /// - Throws: `.backupDamaged` where the backup's list of files cannot be read.
    public func growth(of plan: RestorePlan, _ held: HeldSource) throws -> UInt64 {
        guard let descriptor = try BackupRepository(layout: layout).find(plan.backupName) else {
            throw Problem(.backupDamaged, "backup '\(plan.backupName)' cannot be read")
        }
        var growth = ReplayGrowth(from: try BackupFiles.relationSizes(descriptor, in: layout))
        var unread = Self.mostRead
        var before: ArchivedSegment?
        for start in stride(from: 0, to: plan.segments.count, by: Self.portion) {
            try cancellation.check()
            let names = plan.segments[start..<min(start + Self.portion, plan.segments.count)]
            var wanted: [(segment: ArchivedSegment, before: ArchivedSegment?)] = []
            for name in names {
                let archived = held.wal.whole(name)
                if let archived { wanted.append((archived, before)) }
                before = archived
            }
            var told = try archive.storedGrowth(of: wanted)[...]
            for name in names {
                let isArchived = held.wal.whole(name) != nil
                if isArchived, let known = told.popFirst() ?? nil {
                    growth.add(known)
                } else if !isArchived || unread > 0 {
                    if isArchived { unread -= 1 }
                    growth.add(try read(name, held.wal))
                } else {
                    growth.add(untold: name.size.bytes)
                }
            }
        }
        return growth.peak
    }

    private func read(_ segment: SegmentName, _ wal: HeldWAL) throws -> SegmentGrowth {
        try cancellation.check()
        var collector = GrowthCollector()
        try wal.walRecords(startingIn: segment) { record in
            collector.add(record)
            return true
        }
        return collector.growth
    }
}
