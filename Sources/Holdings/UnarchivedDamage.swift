import Platform
import PostgresClient
import PostgresFormat
import Repository

/// Damage in the WAL that a server has not archived, found where it lies.
struct UnarchivedDamage {
    /// Where the first record begins that cannot be read.
    var position: LSN
    /// The time of the last commit or abort that was read before; nil where there was none.
    var lastTime: PostgresTimestamp?

    /// The most segments that are read: a server whose archiving has failed for long is not read whole each
    /// time it is shown.
    private static let longest = 64
}

extension SourceReader {
    /// Nil where the WAL is whole, and where it cannot be told.
    ///
    /// - Parameter start: the first segment that is not archived begins there.
    func unarchivedDamage(
        from start: LSN, on timeline: TimelineID, _ size: WALSegmentSize
    ) -> UnarchivedDamage? {
        guard let cluster = source.cluster, cluster.received == nil else { return nil }
        // What a server archives and uses again meanwhile is not there any more: looked at twice.
        for _ in 0..<2 {
            guard
                let (tail, verdict) = try? UnarchivedDamage.look(
                    self, cluster, from: start, on: timeline, size),
                case .damaged(let damage) = verdict
            else { return nil }
            let segment = SegmentName(timeline: timeline, containing: damage.position, size: size)
            if archive.contains(.segment(segment)) { return nil }
            guard
                case .damaged? = try? UnarchivedDamage.look(self, cluster, from: start, on: timeline, size).1
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
        _ reader: SourceReader, _ cluster: SourceCluster, from start: LSN, on timeline: TimelineID,
        _ size: WALSegmentSize
    ) throws -> (SourceTail, WALTailVerdict) {
        var flushed: LSN?
        var bounds: [WALTailBound] = []
        if cluster.isRunning() {
            let answer = try Connection(try cluster.parameters()).query(
                "SELECT pg_current_wal_flush_lsn()::text")
            guard let lsn = answer.scalar.flatMap({ LSN($0) }) else {
                throw Problem(.queryFailed, "the server does not say what it has flushed")
            }
            flushed = lsn
            reader.source.knownEnd?.note(lsn, on: timeline)
        } else {
            bounds = try WALTailBound.bounds(
                dataDirectory: cluster.dataDirectory, timeline: timeline, segmentSize: size)
            if !bounds.contains(where: \.isEndOfOrderlyStop) {
                bounds += reader.source.knownEnd?.end(on: timeline)?.bounds ?? []
            }
        }
        var files: [(name: SegmentName, path: String)] = []
        var name = SegmentName(timeline: timeline, containing: start, size: size)
        while files.count < longest, flushed.map({ name.start < $0 }) ?? true {
            let path = cluster.walDirectory + "/" + name.fileName
            guard DurableFiles.status(path) != nil else { break }
            files.append((name, path))
            name = name.next
        }
        if files.count == longest, let end = files.last?.name.end {
            flushed = min(flushed ?? end, end)
            bounds = []
        }
        let tail = SourceTail(
            files: files, readAt: reader.clock.now(), flushLSN: flushed, start: files.first?.name.start,
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
