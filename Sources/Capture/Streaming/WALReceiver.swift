public import Platform
import PostgresClient
import PostgresFormat
public import Repository
import Synchronization

/// Receives the WAL of a server that is not ours into its archive, for as long as it is wanted.
///
/// One at a time for a source. A lost connection is made again for ever, after growing pauses.
public final class WALReceiver: Sendable {
    private static let firstPause = 0.2
    private static let longestPause = 30.0
    private static let secondsBetweenLooks = 10.0
    private static let secondsBetweenSettings = 1.0

    private let settings: @Sendable () throws(Problem) -> ReceiverSettings
    private let layout: RepositoryLayout
    private let folder: ReceiverFolder
    let clock: any WallClock
    private let cancellation: CancellationFlag
    private let interruption = Interruption()
    private let current: Mutex<ReceiverStatus>

    /// - Parameters:
    ///   - settings: asked anew for each connection, and every second of it: what is changed meanwhile is
    ///     followed.
    ///   - cancellation: raised when receiving is to end.
    public init(
        layout: RepositoryLayout, folder: ReceiverFolder, clock: any WallClock,
        cancellation: CancellationFlag, settings: @escaping @Sendable () throws(Problem) -> ReceiverSettings
    ) {
        self.settings = settings
        self.layout = layout
        self.folder = folder
        self.clock = clock
        self.cancellation = cancellation
        var status = ReceiverStatus(phase: .connecting, at: clock.now())
        if let before = folder.status() {
            (status.timeline, status.durable, status.sourceEnd) =
                (before.timeline, before.durable, before.sourceEnd)
            (status.confirmedThere, status.confirmedHere, status.gap) =
                (before.confirmedThere, before.confirmedHere, before.gap)
            (status.source, status.renewal) = (before.source, before.renewal)
        }
        current = Mutex(status)
    }

    /// How it stands at this moment.
    public var status: ReceiverStatus { current.withLock { $0 } }

    /// Receives until it is called off. Throws only what no other attempt can repair: another system answers,
    /// or the folder cannot be used.
    public func run() throws(Problem) {
        try DurableFiles.makeDirectories(folder.wal)
        defer { change { ($0.phase, $0.problem) = (.ended, nil) } }
        var pause = Self.firstPause
        while !cancellation.isCancelled {
            let before = status.durable
            do throws(Problem) {
                change { $0.phase = .connecting }
                // New settings are no failure, and commits may wait for the stream. A short pause there is
                // all the same: the source has to end the session whose slot is used again.
                if try receive() == .newSettings { pause = Self.firstPause }
                change { $0.phase = .connecting }
            } catch {
                if cancellation.isCancelled { return }
                if error.code == .stateDamaged || error.code == .archiveConflict { throw error }
                change { status in
                    status.phase = .waiting
                    status.problem = [error.message, error.detail].compactMap { $0 }.joined(separator: ": ")
                }
            }
            // One that gets on has been right; one that connects and fails is left alone for longer and
            // longer.
            if status.durable != before { pause = Self.firstPause }
            rest(seconds: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// To be called after the cancellation was raised: who waits for WAL hears it at once.
    public func interrupt() { interruption.raise() }

    private func rest(seconds: Double) {
        let watch = Stopwatch()
        while watch.seconds < seconds, !cancellation.isCancelled { Pause.milliseconds(20) }
    }

    func change(_ body: (inout ReceiverStatus) -> Void) {
        let now = clock.now()
        let status = current.withLock { status in
            let before = status.phase
            body(&status)
            status.updated = now
            if status.phase != before { status.since = now }
            return status
        }
        // It is written again in a second; until then it says less than there is.
        try? folder.write(status)
    }

    // MARK: One connection

    /// Why a connection that did not fail has ended.
    private enum ConnectionEnd {
        /// The source wanted it, or receiving was called off.
        case ended
        case newSettings
    }

    private func receive() throws(Problem) -> ConnectionEnd {
        let settings = try settings()
        let known = try layout.identity()
        let primary = try SourcePrimary.connect(
            settings.connection, system: known.systemIdentifier, atLeast: status.timeline)
        let (connection, identity) = (primary.connection, primary.identity)
        defer { connection.close() }
        var slot = try look(primary, settings, before: nil)
        let resumed = try ReceivedPlace.resume(
            folder, WALArchive(layout: layout), identity, known.segmentSize)
        var place = try follow(resumed, identity, connection, known.segmentSize)
        while true {
            if place.timeline > TimelineID(1) { try keepHistory(of: place.timeline, connection) }
            let end: WALStreamEnd?
            do throws(Problem) {
                end = try stream(primary, place, settings, &slot, known.segmentSize)
            } catch {
                let state = connection.lastFailure?.sqlState
                // Before the gap all is archived; it is tried again from where the source is now.
                if state == Self.isGone { try skip(place, to: identity, known.segmentSize) }
                if state == Self.isInvalidated { try renewInvalidated(slot, on: connection) }
                throw error
            }
            guard let end else { return .newSettings }
            guard case .timelineEnded(let next, let position) = end else { return .ended }
            let segment = SegmentName(timeline: next, containing: position, size: known.segmentSize)
            place = ReceivedPlace(timeline: next, start: segment.start)
            try place.enter(
                folder, WALArchive(layout: layout), leavingAt: position, known.segmentSize)
        }
    }

    /// Follows a promotion whose fork lies at or before the place: the server has nothing to send there. What
    /// was received behind the fork, from who was the primary then, is kept on its timeline.
    private func follow(
        _ place: ReceivedPlace, _ identity: SystemIdentity, _ connection: ReplicationConnection,
        _ size: WALSegmentSize
    ) throws(Problem) -> ReceivedPlace {
        guard identity.timeline > place.timeline else { return place }
        let text = try connection.timelineHistory(identity.timeline)
        let history: TimelineHistory
        do throws(TimelineHistory.Failure) {
            history = try TimelineHistory(parsing: text, of: identity.timeline)
        } catch {
            throw Problem(
                .queryFailed, "the server's history of timeline \(identity.timeline) cannot be read",
                detail: "\(error)")
        }
        let next = place.followed(along: history, size)
        if next != place {
            try next.enter(folder, WALArchive(layout: layout), leavingAt: .max, size)
        }
        return next
    }

    /// undefined_file: "requested WAL segment … has already been removed".
    private static let isGone = "58P01"
    /// object_not_in_prerequisite_state: "can no longer access replication slot", such as one that was idle
    /// for longer than `idle_replication_slot_timeout` allows, which still tells where it kept WAL from.
    private static let isInvalidated = "55000"

    /// Goes on where the source is now; what is missing in between stays missing.
    private func skip(
        _ place: ReceivedPlace, to identity: SystemIdentity, _ size: WALSegmentSize
    ) throws(Problem) {
        try ReceivedPlace.leave(folder, WALArchive(layout: layout), at: .max, size)
        let segment = SegmentName(
            timeline: identity.timeline, containing: identity.flushLSN, size: size)
        // Its file says where to begin.
        _ = try folder.openSegment(segment)
        change { $0.gap = place.start }
    }

    private func keepHistory(
        of timeline: TimelineID, _ connection: ReplicationConnection
    ) throws(Problem) {
        let archive = WALArchive(layout: layout)
        guard !archive.contains(.timelineHistory(timeline)) else { return }
        let text = try connection.timelineHistory(timeline)
        let name = ArchivedFileName.timelineHistory(timeline).fileName
        let path = folder.path + "/" + name
        try DurableFiles.write(Array(text.utf8), to: path, durable: false)
        _ = try archive.push(path: path, name: name)
        _ = try DurableFiles.removeFile(path)
    }

    /// Receives one timeline to its end. Now and then the stream pauses for a moment, in order, and the
    /// source is asked how the slot stands: another session for that would be one more than it was told of.
    ///
    /// - Returns: nil where it ended, in order, because the settings want another connection.
    private func stream(
        _ primary: SourcePrimary, _ place: ReceivedPlace, _ settings: ReceiverSettings,
        _ slot: inout SlotStanding, _ size: WALSegmentSize
    ) throws(Problem) -> WALStreamEnd? {
        let timeline = place.timeline
        let isHistoric = timeline != primary.identity.timeline
        let queue = WALPushQueue(folder, WALArchive(layout: layout))
        try queue.start()
        defer { queue.finish() }
        var from = place.start
        var settings = settings
        while true {
            let standing = slot
            let watch = Stopwatch()
            var wanted = WantedSettings(settings)
            let sink = ReceivedWAL(
                queue, size, timeline, cancellation: cancellation, interruption: interruption.descriptor
            ) { [self] state in
                note(state, on: timeline, isHistoric: isHistoric)
                return isHistoric
                    || watch.seconds < Self.secondsBetweenLooks
                        && state.held <= standing.limit && !wanted.haveChanged(self.settings)
            }
            let end = try primary.connection.receiveWAL(
                from: from, timeline: timeline, isHistoric: isHistoric, slot: standing.name,
                slotStart: standing.start, isAwaited: settings.isSynchronous || isAwaited, clock: clock,
                into: sink)
            guard case .calledOff(let position) = end, !cancellation.isCancelled else { return end }
            // Whoever receives calls again, with what is wanted now.
            guard wanted.settings.sharesConnection(with: settings) else { return nil }
            settings = wanted.settings
            slot = try look(primary, settings, before: standing)
            from = position
        }
    }

    /// Whether the source has commits wait for somebody, who may be this stream; as it told last.
    private var isAwaited: Bool {
        current.withLock { $0.source.map { !$0.synchronousNames.isEmpty } ?? true }
    }

    /// What the settings are, looked at every second.
    private struct WantedSettings {
        private(set) var settings: ReceiverSettings
        private var watch = Stopwatch()

        init(_ settings: ReceiverSettings) { self.settings = settings }

        mutating func haveChanged(_ now: () throws(Problem) -> ReceiverSettings) -> Bool {
            guard watch.seconds >= WALReceiver.secondsBetweenSettings else { return false }
            watch = Stopwatch()
            // Where they cannot be told the stream goes on as it is: what is wrong says the next connection.
            guard let new = try? now(), new != settings else { return false }
            settings = new
            return true
        }
    }

    private func note(_ state: WALStreamState, on timeline: TimelineID, isHistoric: Bool) {
        let now = clock.now()
        let due = current.withLock { status in
            let isFirst = status.phase != .streaming
            if isFirst { (status.phase, status.since, status.problem) = (.streaming, now, nil) }
            status.follow(
                timeline, durable: state.durable, sourceEnd: state.serverEnd,
                confirmed: state.confirmed.map { (there: $0.there, here: $0.here) })
            // Before its first message a stream does not know where the source is.
            if !isHistoric, state.hasHeard { status.source?.held = state.held }
            let isDue = isFirst || now.microseconds - status.updated.microseconds > 500_000
            if isDue { status.updated = now }
            return isDue ? status : nil
        }
        // It is written again in a second; until then it says less than there is.
        if let due { try? folder.write(due) }
    }
}

extension WALReceiver {
    /// Archives all that a receiver left in its folder, an unfinished segment as a partial one. For a source
    /// that is let go; nobody receives.
    public static func archiveRest(of folder: ReceiverFolder, to layout: RepositoryLayout) throws(Problem) {
        let size = try layout.identity().segmentSize
        try ReceivedPlace.leave(folder, WALArchive(layout: layout), at: .max, size)
    }
}
