import Platform
import PostgresFormat
import Repository

extension SourceTail {
    /// What was received of a source and is not archived yet: complete up to where it was last said to be
    /// durable. Nil where nothing was ever received.
    static func received(
        _ folder: ReceiverFolder, from position: (TimelineID, String?) throws(Problem) -> LSN?,
        upTo limit: LSN, segmentSize: WALSegmentSize, into directory: String
    ) throws(Problem) -> SourceTail? {
        guard let status = folder.status(), let timeline = status.timeline, let durable = status.durable,
            let moment = status.confirmedThere
        else { return nil }
        let end = min(durable, limit)
        let start = try position(timeline, nil)
        var files: [(name: SegmentName, path: String)] = []
        let names = try folder.segments(segmentSize).filter { name in
            name.timeline == timeline && name.start < end && start.map { name.end > $0 } ?? false
        }
        for name in names {
            // One that was archived at this moment is found there.
            guard let source = try OpenFile(readingIfPresent: folder.wal + "/" + name.fileName) else {
                continue
            }
            try DurableFiles.makeDirectories(directory, durable: false)
            let path = directory + "/" + name.fileName
            let target = try OpenFile(creating: path)
            try target.truncate(to: segmentSize.bytes)
            // What lies behind is not known to be on the disk.
            let wanted = min(end, name.end).distance(from: name.start)
            try source.forEachChunk { (bytes, offset) throws(Problem) in
                guard offset < wanted else { return false }
                let count = Int(min(UInt64(bytes.count), wanted - offset))
                try target.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset)
                return true
            }
            files.append((name, path))
        }
        var tail = SourceTail(
            files: files, readAt: moment, flushLSN: durable, start: files.first?.name.start,
            timeline: timeline)
        tail.zerosFrom = end
        return tail
    }
}
