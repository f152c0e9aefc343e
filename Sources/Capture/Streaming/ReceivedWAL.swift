import Platform
import PostgresClient
import PostgresFormat
import Repository
/// Complete segments on their way into the archive, pushed as PostgreSQL's `archive_command` would push them,
/// by a thread beside the stream.
final class WALPushQueue: Sendable {
    /// Segments that may wait before the stream has to wait for them.
    private static let mostWaiting = 16

    private struct State {
        var waiting: [SegmentName] = []
        var failure: Problem?
        var isClosed = false
        var hasEnded = false
    }

    let folder: ReceiverFolder
    let archive: WALArchive
    private let state = Monitor(State())

    init(_ folder: ReceiverFolder, _ archive: WALArchive) {
        self.folder = folder
        self.archive = archive
    }

    /// Why pushing has stopped; what was not pushed stays in the folder.
    var failure: Problem? { state.wait { .some($0.failure) } }

    /// Takes a complete segment, once there is room for it.
    func add(_ name: SegmentName, _ cancellation: CancellationFlag) throws(Problem) {
        while state.wait({ .some($0.failure == nil && $0.waiting.count >= Self.mostWaiting) }) {
            try cancellation.check()
            Pause.milliseconds(5)
        }
        state.change { $0.waiting.append(name) }
    }

    /// Archives what is added on a thread of its own; every start has its `finish`.
    func start() throws(Problem) {
        let isStarted = DetachedThread.start { [self] in
            pushAll()
            state.change { $0.hasEnded = true }
        }
        guard isStarted else { throw Problem(.system, "there is no thread to archive received WAL with") }
    }

    /// Returns once all is archived that was added, or archiving has failed.
    func finish() {
        state.change { $0.isClosed = true }
        state.wait { $0.hasEnded ? () : nil }
    }

    /// Works until it is closed and nothing is left, or something fails.
    private func pushAll() {
        while let next = next() {
            do throws(Problem) {
                try push(next, as: next.fileName)
                state.change { _ = $0.waiting.removeFirst() }
            } catch {
                return state.change { $0.failure = error }
            }
        }
    }

    /// Nil once it is closed and nothing is left.
    private func next() -> SegmentName? {
        state.wait { state -> SegmentName?? in
            if let first = state.waiting.first { return first }
            return state.isClosed ? .some(nil) : nil
        }
    }

    /// Archives one of the folder's segments, and removes it there.
    func push(_ name: SegmentName, as fileName: String) throws(Problem) {
        let path = folder.wal + "/" + name.fileName
        _ = try archive.push(path: path, name: fileName)
        _ = try DurableFiles.removeFile(path)
    }
}

/// The sink of a stream of WAL: the segment that is being written is a file of its own.
///
/// Whatever was acknowledged can be found again after a kill: a segment's successor is there, empty, before
/// its last byte is acknowledged, so that a file with a successor is a complete one.
final class ReceivedWAL: WALSink {
    private static let writebackBytes: UInt64 = 1 << 20

    private let queue: WALPushQueue
    private let size: WALSegmentSize
    private let timeline: TimelineID
    private let cancellation: CancellationFlag
    let interruption: Int32
    private let goesOn: (WALStreamState) -> Bool
    private var isPaused = false
    private var current: (name: SegmentName, segment: SegmentFile)?
    /// In the current segment: what was written before is on its way to the disk.
    private var begun: UInt64 = 0

    /// - Parameter goesOn: told how the stream stands; whether it is to go on.
    init(
        _ queue: WALPushQueue, _ size: WALSegmentSize, _ timeline: TimelineID,
        cancellation: CancellationFlag, interruption: Int32 = -1,
        goesOn: @escaping (WALStreamState) -> Bool
    ) {
        self.queue = queue
        self.size = size
        self.timeline = timeline
        self.cancellation = cancellation
        self.interruption = interruption
        self.goesOn = goesOn
    }

    var isCalledOff: Bool { isPaused || cancellation.isCancelled }

    func write(_ bytes: UnsafeRawBufferPointer, at position: LSN) throws(Problem) {
        var position = position
        var rest = bytes
        while !rest.isEmpty {
            let (name, segment) = try open(position)
            let file = segment.file
            let room = name.end.distance(from: position)
            let piece = UnsafeRawBufferPointer(rebasing: rest[..<Int(min(UInt64(rest.count), room))])
            // Behind a switch a segment has nothing more, and its new file holds that already: megabytes that
            // a disk need not be given, which is the source's own where both are on one machine.
            if !(segment.isNew && piece.isZero) {
                try file.write(piece, at: position.distance(from: name.start))
            }
            position = position.advanced(by: UInt64(piece.count))
            rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
            if position == name.end {
                try complete(name, file)
            } else {
                startWriteback(file, upTo: position.distance(from: name.start))
            }
        }
    }

    /// The disk works while more comes, and a flush finds little left to be written.
    private func startWriteback(_ file: OpenFile, upTo offset: UInt64) {
        let end = offset / Self.writebackBytes * Self.writebackBytes
        guard end > begun else { return }
        file.startWriteback(at: begun, length: end - begun)
        begun = end
    }

    func flush() throws(Problem) {
        try current?.segment.file.syncData()
        if let failure = queue.failure { throw failure }
    }

    func report(_ state: WALStreamState) { isPaused = !goesOn(state) }

    private func open(_ position: LSN) throws(Problem) -> (name: SegmentName, segment: SegmentFile) {
        let name = SegmentName(timeline: timeline, containing: position, size: size)
        if let current, current.name == name { return current }
        // What a killed receiver had of it comes again, the same bytes.
        let segment = try queue.folder.openSegment(name)
        current = (name, segment)
        begun = position.distance(from: name.start) / Self.writebackBytes * Self.writebackBytes
        return (name, segment)
    }

    private func complete(_ name: SegmentName, _ file: OpenFile) throws(Problem) {
        try file.syncData()
        current = (name.next, try queue.folder.openSegment(name.next))
        begun = 0
        try queue.add(name, cancellation)
    }
}

/// The file of a segment that is being received.
struct SegmentFile {
    let file: OpenFile
    /// It was made for this, and is zero wherever nothing was written yet.
    let isNew: Bool
}

extension ReceiverFolder {
    /// A segment's file, as long as a segment: made where it is not there, and made whole where a receiver
    /// was killed before it had its size.
    func openSegment(_ name: SegmentName) throws(Problem) -> SegmentFile {
        let path = wal + "/" + name.fileName
        let isThere = DurableFiles.status(path) != nil
        let file = try isThere ? OpenFile(updating: path) : OpenFile(creating: path)
        if try file.size() != name.size.bytes {
            try file.truncate(to: name.size.bytes)
            try file.sync()
        }
        try DurableFiles.syncDirectory(wal)
        return SegmentFile(file: file, isNew: !isThere)
    }
}
