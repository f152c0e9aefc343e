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
        var damage: UnarchivedDamage?
        // Damage is looked at anew each time. WAL that was found whole stays so while nothing is written to
        // it: then the server has flushed no more than it had.
        _ = FileMemory.value(
            "\(cluster.walDirectory) \(timeline) \(start) \(cluster.isRunning())",
            of: UnarchivedDamage.evidence(source, cluster, from: start, on: timeline, size),
            keptIn: source.memory?.wholeTails
        ) {
            let found = look(at: cluster, from: start, on: timeline, size)
            damage = found.damage
            return found.isWhole ? SourceMemory.WholeTail() : nil
        }
        return damage
    }

    private func look(
        at cluster: SourceCluster, from start: LSN, on timeline: TimelineID, _ size: WALSegmentSize
    ) -> (isWhole: Bool, damage: UnarchivedDamage?) {
        // What a server archives and uses again meanwhile is not there any more: looked at twice.
        for _ in 0..<2 {
            // What cannot be read now tells nothing.
            guard
                let (tail, verdict) = try? UnarchivedDamage.look(
                    self, cluster, from: start, on: timeline, size)
            else { return (false, nil) }
            if case .whole = verdict { return (true, nil) }
            guard case .damaged(let damage) = verdict else { return (false, nil) }
            let segment = SegmentName(timeline: timeline, containing: damage.position, size: size)
            if archive.contains(.segment(segment)) { return (false, nil) }
            guard
                case .damaged? = try? UnarchivedDamage.look(self, cluster, from: start, on: timeline, size).1
            else { continue }
            return (
                false,
                UnarchivedDamage(
                    position: damage.position,
                    lastTime: try? UnarchivedDamage.lastTime(in: tail, before: damage.position))
            )
        }
        return (false, nil)
    }
}

extension UnarchivedDamage {
    /// The files that a verdict is made from, and the place of the segment that would follow.
    fileprivate static func evidence(
        _ source: Source, _ cluster: SourceCluster, from start: LSN, on timeline: TimelineID,
        _ size: WALSegmentSize
    ) -> [String] {
        var paths = [
            cluster.dataDirectory + "/global/pg_control", cluster.walDirectory + "/archive_status",
            source.knownEnd?.path ?? "",
        ]
        var name = SegmentName(timeline: timeline, containing: start, size: size)
        for _ in 0...longest {
            let path = cluster.walDirectory + "/" + name.fileName
            paths.append(path)
            if DurableFiles.status(path) == nil { break }
            name = name.next
        }
        return paths
    }

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
