import Catalog
import Instance
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repository
import Restore

/// What a server has flushed and not archived, for whoever reads its log; one segment at a time.
///
/// It is read as a restore reads it, by the replication protocol or from the files of a stopped server, and
/// nothing is written there. Of a deleted server there is nothing.
final class LogTail {
    private let control: ControlPlane
    private let row: ServerRow
    private let archive: WALArchive
    private let identity: RepositoryIdentity
    private let directory: String
    private let isWanted: Bool
    /// Where the log ended when the server was first asked: what is written later is not followed.
    private var end: LSN?
    private var current: (segment: SegmentName, path: String)?

    /// - Parameter isWanted: else there is nothing.
    init(_ control: ControlPlane, _ row: ServerRow, _ archive: WALArchive, isWanted: Bool) throws {
        self.control = control
        self.row = row
        self.archive = archive
        self.isWanted = isWanted
        identity = try archive.layout.identity()
        directory = control.paths.operation(TailFolder.name(of: .current))
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
        guard isWanted, row.phase == .complete else { return nil }
        if let current, current.segment.number == number, [nil, current.segment.timeline].contains(timeline) {
            return current
        }
        remove()
        current = nil
        guard let tail = try tail(number, on: timeline) else { return nil }
        end = end ?? tail.flushLSN
        current = tail.files.first { $0.name.number == number }.map { ($0.name, $0.path) }
        return current
    }

    private func tail(_ number: UInt64, on timeline: TimelineID?) throws(Problem) -> SourceTail? {
        let instance = try control.instance(row.id)
        let start = LSN(number * identity.segmentSize.bytes)
        let segmentEnd = start.advanced(by: identity.segmentSize.bytes)
        let passed = Set(
            try archive.names().compactMap(\.walSegment).filter { $0.number >= number }.map(\.timeline))
        let streamed = try control.whileRunning(instance) { () throws(Problem) in
            // What was written a moment ago is given the time to be flushed.
            if end == nil {
                try control.letPass(.known(.position(start, exclusive: false)), on: instance)
            }
            return try SourceTail.stream(
                parameters: try instance.connectionParameters(), knownHistories: [],
                from: { (own, _) throws(Problem) in Self.begin(start, on: own, wanted: timeline, passed) },
                upTo: min(segmentEnd, end ?? .max), segmentSize: identity.segmentSize,
                systemIdentifier: identity.systemIdentifier, into: directory, clock: control.clock,
                cancellation: control.cancellation)
        } undo: {
            try? DurableFiles.removeTree(directory)
        }
        if let streamed { return streamed }
        return try SourceTail.read(
            dataDirectory: control.paths.data(row.id), knownHistories: [],
            from: { (own, _) throws(Problem) in Self.begin(start, on: own, wanted: timeline, passed) },
            upTo: segmentEnd, segmentSize: identity.segmentSize, into: directory, clock: control.clock,
            cancellation: control.cancellation)
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
