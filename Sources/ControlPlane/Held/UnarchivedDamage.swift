import Catalog
import Instance
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repository
import Restore

/// Damage in the log that a server has not archived, found where it lies.
struct UnarchivedDamage {
    /// Where the first record begins that cannot be read.
    var position: LSN
    /// The time of the last commit or abort that was read before; nil where there was none.
    var lastTime: PostgresTimestamp?

    /// The most segments that are read: a server whose archiving has failed for long is not read whole each
    /// time it is shown.
    private static let longest = 64
}

extension ControlPlane {
    /// As part of maintenance: behind damage in its WAL a running server can be restored again from the next
    /// base backup on, so that is taken at once.
    func backUpBehindDamage(_ row: ServerRow, dryRun: Bool) throws -> [MaintenanceAction] {
        guard let damage = damageBehindBackups(of: row) else { return [] }
        return [
            act(
                row.name, "backup", row.name,
                "its WAL is damaged at \(damage): nothing behind that can be restored without a base backup",
                dryRun: dryRun
            ) { _ = try takeBackup(row, name: nil, onDemand: false) }
        ]
    }

    /// Where the WAL is damaged that follows on the newest base backup.
    private func damageBehindBackups(of row: ServerRow) -> LSN? {
        let tailDirectory = paths.operation(TailFolder.name(of: .current))
        defer { try? DurableFiles.removeTree(tailDirectory) }
        // What cannot be told now is told by the next maintenance, or by a restore.
        let held = try? inventory(row, for: .known(.latest), tailDirectory: tailDirectory)
        return held?.0.lastDamage?.begin
    }

    /// Nil where the log is whole, and where it cannot be told.
    ///
    /// - Parameter start: the first segment that is not archived begins there.
    func unarchivedDamage(
        of row: ServerRow, from start: LSN, on timeline: TimelineID, _ size: WALSegmentSize
    ) -> UnarchivedDamage? {
        // What a server archives and uses again meanwhile is not there any more: looked at twice.
        for _ in 0..<2 {
            guard
                let (tail, verdict) = try? UnarchivedDamage.look(self, row, from: start, on: timeline, size),
                case .damaged(let damage) = verdict
            else { return nil }
            let segment = SegmentName(timeline: timeline, containing: damage.position, size: size)
            if WALArchive(layout: layout(row)).contains(.segment(segment)) { return nil }
            guard case .damaged? = try? UnarchivedDamage.look(self, row, from: start, on: timeline, size).1
            else { continue }
            return UnarchivedDamage(
                position: damage.position,
                lastTime: try? UnarchivedDamage.lastTime(in: tail, before: damage.position))
        }
        return nil
    }
}

extension UnarchivedDamage {
    fileprivate static func look(
        _ control: ControlPlane, _ row: ServerRow, from start: LSN, on timeline: TimelineID,
        _ size: WALSegmentSize
    ) throws -> (SourceTail, WALTailVerdict) {
        let data = control.paths.data(row.id)
        let instance = try control.instance(row.id)
        var flushed: LSN?
        var bounds: [WALTailBound] = []
        if case .running = instance.status() {
            let answer = try instance.connect().query("SELECT pg_current_wal_flush_lsn()::text").scalar
            guard let lsn = answer.flatMap({ LSN($0) }) else {
                throw Problem(.queryFailed, "the server does not say what it has flushed")
            }
            flushed = lsn
            control.noteFlushed(row, lsn, on: timeline)
        } else {
            bounds = try WALTailBound.bounds(dataDirectory: data, timeline: timeline, segmentSize: size)
            if !bounds.contains(where: \.isEndOfOrderlyStop) {
                bounds += control.knownEnd(of: row, on: timeline)?.bounds ?? []
            }
        }
        var files: [(name: SegmentName, path: String)] = []
        var name = SegmentName(timeline: timeline, containing: start, size: size)
        while files.count < longest, flushed.map({ name.start < $0 }) ?? true {
            let path = data + "/pg_wal/" + name.fileName
            guard DurableFiles.status(path) != nil else { break }
            files.append((name, path))
            name = name.next
        }
        if files.count == longest, let end = files.last?.name.end {
            flushed = min(flushed ?? end, end)
            bounds = []
        }
        let tail = SourceTail(
            files: files, readAt: control.clock.now(), flushLSN: flushed, start: files.first?.name.start,
            bounds: bounds, timeline: timeline)
        return (tail, try tail.verdict(segmentSize: size))
    }

    fileprivate static func lastTime(in tail: SourceTail, before limit: LSN) throws -> PostgresTimestamp? {
        var last: PostgresTimestamp?
        for file in tail.files where file.name.start < limit {
            var decoder = WALDecoder(start: file.name.start, segmentSize: file.name.size)
            try OpenFile(reading: file.path).forEachChunk { (bytes, _) in
                let end = decoder.feed(bytes) { record in
                    guard record.start < limit else { return false }
                    if let ended = record.transactionEnd, ended.kind.canStopRecovery {
                        last = max(last ?? ended.time, ended.time)
                    }
                    return true
                }
                return end == nil
            }
        }
        return last
    }
}
