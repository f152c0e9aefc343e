import Platform
import PostgresClient
import PostgresFormat
import Repository

/// Where receiving goes on: always at the beginning of a segment.
struct ReceivedPlace: Hashable {
    var timeline: TimelineID
    var start: LSN

    /// Puts in order what a receiver left behind, however it ended, and answers where the next one begins.
    ///
    /// Segments with a successor are complete, and go into the archive; the last one comes again from its
    /// beginning, which the source still has: it never forgets a part of a segment.
    static func resume(
        _ folder: ReceiverFolder, _ archive: WALArchive, _ identity: SystemIdentity, _ size: WALSegmentSize
    ) throws(Problem) -> ReceivedPlace {
        let queue = WALPushQueue(folder, archive)
        let held = try folder.segments(size)
        for (segment, next) in zip(held, held.dropFirst()) {
            try queue.push(segment, as: next == segment.next ? segment.fileName : partial(segment))
        }
        let archived = try archive.names().compactMap { name -> SegmentName? in
            if case .segment(let segment) = name { segment } else { nil }
        }.max()
        if let last = held.last {
            guard let archived, archived >= last else {
                return ReceivedPlace(timeline: last.timeline, start: last.start)
            }
            // It was archived, and the receiver killed before it removed its own file.
            _ = try DurableFiles.removeFile(folder.wal + "/" + last.fileName)
        }
        if let archived { return ReceivedPlace(timeline: archived.timeline, start: archived.end) }
        let first = SegmentName(timeline: identity.timeline, containing: identity.flushLSN, size: size)
        return ReceivedPlace(timeline: identity.timeline, start: first.start)
    }

    /// Archives what is there, also of an unfinished segment, which will get no end: a timeline ended at the
    /// position, or the rest is gone.
    static func leave(
        _ folder: ReceiverFolder, _ archive: WALArchive, at position: LSN, _ size: WALSegmentSize
    ) throws(Problem) {
        let queue = WALPushQueue(folder, archive)
        let held = try folder.segments(size)
        for (segment, next) in zip(held, held.dropFirst()) where next == segment.next {
            try queue.push(segment, as: segment.fileName)
        }
        for segment in try folder.segments(size) {
            let path = folder.wal + "/" + segment.fileName
            let isEmpty = try hasNothing(path)
            if segment.start >= position || isEmpty {
                _ = try DurableFiles.removeFile(path)
            } else {
                try queue.push(segment, as: partial(segment))
            }
        }
    }

    private static func partial(_ segment: SegmentName) -> String {
        ArchivedFileName.partial(segment).fileName
    }

    /// Whether not even the first page has come.
    private static func hasNothing(_ path: String) throws(Problem) -> Bool {
        let room = RawBuffer(count: WALPageHeader.pageSize)
        let count = try OpenFile(reading: path).read(into: room.bytes, at: 0)
        return room[prefix: count].allSatisfy { $0 == 0 }
    }
}
