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
            if next == segment.next {
                try queue.push(segment, as: segment.fileName)
            } else {
                // The receiver ended while it changed the timeline.
                try queue.pushUnfinished(segment)
            }
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
    /// position, or the rest is gone. Nothing is done to the file of the segment `kept`.
    static func leave(
        _ folder: ReceiverFolder, _ archive: WALArchive, at position: LSN, _ size: WALSegmentSize,
        keeping kept: SegmentName? = nil
    ) throws(Problem) {
        let queue = WALPushQueue(folder, archive)
        let held = try folder.segments(size)
        for (segment, next) in zip(held, held.dropFirst()) where next == segment.next {
            try queue.push(segment, as: segment.fileName)
        }
        for segment in try folder.segments(size) where segment != kept {
            if segment.start >= position {
                _ = try DurableFiles.removeFile(folder.wal + "/" + segment.fileName)
            } else {
                try queue.pushUnfinished(segment)
            }
        }
    }

    /// Goes over to this place from another timeline, which is left at the position.
    ///
    /// The first file here is made before anything is done to those of the other timeline: it says where to
    /// go on, however the change ends.
    func enter(
        _ folder: ReceiverFolder, _ archive: WALArchive, leavingAt position: LSN, _ size: WALSegmentSize
    ) throws(Problem) {
        let first = SegmentName(timeline: timeline, containing: start, size: size)
        _ = try folder.openSegment(first)
        try Self.leave(folder, archive, at: position, size, keeping: first)
    }

    /// This place; or where the timeline ended at or before it for the server, as one does whose fork lies
    /// before what was received, the beginning of the segment in which the server's next timeline begins.
    func followed(along history: TimelineHistory, _ size: WALSegmentSize) -> ReceivedPlace {
        var place = self
        while let end = history.switchPoint(from: place.timeline), end <= place.start {
            let left = place.timeline
            let next = history.entries.map(\.timeline).first { $0 > left } ?? history.timeline
            let segment = SegmentName(timeline: next, containing: end, size: size)
            place = ReceivedPlace(timeline: next, start: segment.start)
        }
        return place
    }
}

extension WALPushQueue {
    /// Archives a segment that gets no end, as a partial one; one of which nothing has come is removed.
    fileprivate func pushUnfinished(_ segment: SegmentName) throws(Problem) {
        let path = folder.wal + "/" + segment.fileName
        if try Self.hasNothing(path) {
            _ = try DurableFiles.removeFile(path)
        } else {
            try push(segment, as: ArchivedFileName.partial(segment).fileName)
        }
    }

    /// Whether not even the first page has come.
    private static func hasNothing(_ path: String) throws(Problem) -> Bool {
        let room = RawBuffer(count: WALPageHeader.pageSize)
        let count = try OpenFile(reading: path).read(into: room.bytes, at: 0)
        return room[prefix: count].allSatisfy { $0 == 0 }
    }
}
