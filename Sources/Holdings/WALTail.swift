import Platform
import PostgresFormat
import Repository

/// What a server has flushed and not archived, for whoever reads its WAL; one segment at a time.
///
/// It is read as a restore reads it, by the replication protocol or from the files of a stopped server, and
/// nothing is written there. Of a deleted server there is nothing.
final class WALTail {
    private let live: LiveWAL?
    private let archive: WALArchive
    private let identity: RepositoryIdentity
    let directory: String
    /// Where the WAL ended when the server was first asked: what is written later is not followed.
    private var end: LSN?
    private var current: (segment: SegmentName, path: String)?

    /// - Parameters:
    ///   - directory: made if WAL is read from the source, which goes there.
    ///   - isWanted: else there is nothing.
    init(_ reader: SourceReader, directory: String, isWanted: Bool) throws {
        archive = reader.archive
        identity = try archive.layout.identity()
        live = isWanted ? LiveWAL(reader, identity) : nil
        self.directory = directory
    }

    /// Removes what was read.
    func remove() {
        try? DurableFiles.removeTree(directory)
    }

    /// A file with the segment's bytes, good until the next one is asked for; nil where the server has none.
    func file(of name: SegmentName) throws(Problem) -> String? {
        try read(name.number, on: name.timeline)?.path
    }

    /// The segment of that number on the timeline that the server is on; nil where it has none.
    func segment(_ number: UInt64) throws(Problem) -> SegmentName? {
        try read(number, on: nil)?.segment
    }

    private func read(
        _ number: UInt64, on timeline: TimelineID?
    ) throws(Problem) -> (segment: SegmentName, path: String)? {
        guard let live else { return nil }
        if let current, current.segment.number == number, [nil, current.segment.timeline].contains(timeline) {
            return current
        }
        remove()
        current = nil
        guard let tail = try tail(live, number, on: timeline) else { return nil }
        end = end ?? tail.flushLSN
        current = tail.files.first { $0.name.number == number }.map { ($0.name, $0.path) }
        return current
    }

    private func tail(_ live: LiveWAL, _ number: UInt64, on timeline: TimelineID?) throws(Problem)
        -> SourceTail?
    {
        let start = LSN(number * identity.segmentSize.bytes)
        return try live.read(
            for: nil, waits: end == nil, knownHistories: [],
            from: { () throws(Problem) in
                let names = try archive.names().compactMap(\.walSegment)
                let passed = Set(names.filter { $0.number >= number }.map(\.timeline))
                return { (own, _) in Self.begin(start, on: own, wanted: timeline, passed) }
            },
            upTo: min(start.advanced(by: identity.segmentSize.bytes), end ?? .max), into: directory)
    }

    /// Where reading begins on the timeline that the server is on: nowhere, if another one is wanted.
    ///
    /// - Parameter passed: timelines of which that segment or a later one is archived: if it is not among
    ///   them, it is missing, and the server has handed it over long ago.
    private static func begin(
        _ start: LSN, on own: TimelineID, wanted: TimelineID?, _ passed: Set<TimelineID>
    ) -> LSN {
        (wanted ?? own) == own && !passed.contains(own) ? start : .max
    }
}
