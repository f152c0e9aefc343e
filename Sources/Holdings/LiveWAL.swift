import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repository

/// The WAL that a source has beyond its archive: by the replication protocol while it runs, else from its
/// files.
struct LiveWAL {
    /// Tells, for the timeline that the source is on and for its history where it is not known, where to
    /// begin; nil reads nothing.
    typealias Beginning = (TimelineID, String?) throws(Problem) -> LSN?

    private let reader: SourceReader
    private let cluster: SourceCluster
    private let identity: RepositoryIdentity

    /// Nil where the repository is all there is.
    init?(_ reader: SourceReader, _ identity: RepositoryIdentity) {
        guard let cluster = reader.source.cluster else { return nil }
        self.reader = reader
        self.cluster = cluster
        self.identity = identity
    }

    /// Reads into a directory, which it makes where there is something to read; nil where the source has no
    /// WAL.
    ///
    /// - Parameters:
    ///   - moment: what is looked for, if it is known: a moment just gone by is given the time to be flushed.
    ///   - waits: whether it is given that time at all.
    ///   - look: looks at what is archived. It does so again for each attempt: what the source archived since
    ///     it may have removed.
    ///   - limit: nothing from there on is read; of files no segment that begins there or later.
    func read(
        for moment: RecoveryTarget?, waits: Bool = true, knownHistories: Set<TimelineID>,
        from look: () throws(Problem) -> Beginning, upTo limit: LSN = .max, into directory: String
    ) throws(Problem) -> SourceTail? {
        if let received = cluster.received {
            return try read(
                received, for: moment, waits: waits, knownHistories: knownHistories, from: look(),
                upTo: limit, into: directory)
        }
        let streamed = try whileRunning { () throws(Problem) in
            // Before the source is asked: what it archives meanwhile is read from it all the same.
            let position = try look()
            if waits { try letPass(moment) }
            return try SourceTail.stream(
                parameters: try cluster.parameters(), knownHistories: knownHistories, from: position,
                upTo: limit, segmentSize: identity.segmentSize, systemIdentifier: identity.systemIdentifier,
                into: directory, clock: reader.clock, cancellation: reader.cancellation)
        } undo: {
            // What was streamed so far would be in the way of the next attempt.
            try? DurableFiles.removeTree(directory)
        }
        if let streamed {
            if let flushed = streamed.flushLSN {
                reader.source.knownEnd?.note(flushed, on: streamed.timeline)
            }
            return streamed
        }
        return try SourceTail.read(
            dataDirectory: cluster.dataDirectory, knownHistories: knownHistories, from: look(),
            upTo: limit, segmentSize: identity.segmentSize, into: directory, clock: reader.clock,
            cancellation: reader.cancellation)
    }

    // MARK: A source that is not ours

    /// By the stream where the source answers; else what was received of it. The moment up to which that is
    /// complete is one of the source's own clock.
    private func read(
        _ received: ReceiverFolder, for moment: RecoveryTarget?, waits: Bool,
        knownHistories: Set<TimelineID>,
        from position: Beginning, upTo limit: LSN, into directory: String
    ) throws(Problem) -> SourceTail? {
        var remark: String?
        do throws(Problem) {
            let (answer, moment) = try ask(for: waits ? moment : nil)
            remark = answer.remark
            if let moment {
                var tail = try SourceTail.stream(
                    parameters: try cluster.parameters(), knownHistories: knownHistories, from: position,
                    upTo: limit, segmentSize: identity.segmentSize,
                    systemIdentifier: identity.systemIdentifier, into: directory, clock: reader.clock,
                    cancellation: reader.cancellation)
                tail.readAt = moment
                return tail
            }
        } catch {
            guard error.code == .queryFailed else { throw error }
            // What was streamed so far would be in the way of what is here.
            try? DurableFiles.removeTree(directory)
        }
        var tail = try SourceTail.received(
            received, from: position, upTo: limit, segmentSize: identity.segmentSize, into: directory)
        tail?.remark = remark
        return tail
    }

    /// Who answers, and what time it is there; nil where that is not the source.
    ///
    /// - Parameter moment: one just gone by there is given the time to be flushed.
    private func ask(
        for moment: RecoveryTarget?
    ) throws(Problem) -> (answer: SourceAnswer, now: PostgresTimestamp?) {
        let connection = try ReplicationConnection(try cluster.parameters())
        defer { connection.close() }
        let answer = try SourceAnswer(connection, expected: identity.systemIdentifier)
        guard answer == .source else { return (answer, nil) }
        let now = try connection.serverTime()
        guard case .time(let time) = moment else { return (answer, now) }
        // It cannot be asked what it has written; a commit is flushed a second later at most.
        let passed = now.microseconds - time.microseconds
        guard (0..<1_000_000).contains(passed) else { return (answer, now) }
        let left = Double(1_000_000 - passed) / 1_000_000
        let watch = Stopwatch()
        while watch.seconds < left {
            try reader.cancellation.check()
            Pause.milliseconds(20)
        }
        return (answer, try connection.serverTime())
    }

    // MARK: A source that starts or stops just then

    /// What reading through a connection gave; nil where the source does not run (any more) or lets nobody in
    /// who reads, and its files are there to be read.
    ///
    /// - Parameters:
    ///   - read: tried again while the source starts or stops.
    ///   - undo: removes what a failed attempt left.
    private func whileRunning<Value>(
        _ read: () throws(Problem) -> Value, undo: () -> Void
    ) throws(Problem) -> Value? {
        var standing: Standing?
        var since = Stopwatch()
        while cluster.isRunning() {
            do throws(Problem) {
                return try read()
            } catch {
                undo()
                guard cluster.isRunning() else { break }
                guard let now = self.standing(with: error) else { throw error }
                if now != standing { (standing, since) = (now, Stopwatch()) }
                if since.seconds > now.patience {
                    // All that was acknowledged is in its files.
                    if now == .withoutSocket { break }
                    throw error
                }
                try reader.cancellation.check()
                Pause.milliseconds(50)
            }
        }
        return nil
    }

    /// How a source that runs stands to those who want to read.
    private enum Standing {
        /// It turns everybody away while it starts or stops.
        case rejecting
        /// Nobody listens: so at the very end of a stop.
        case silent
        /// Its socket is gone: at the end of a stop as well, or somebody removed it.
        case withoutSocket
        /// It takes connections by now, and may have done neither when it was asked.
        case accepting

        /// For how many seconds it is tried again.
        var patience: Double {
            switch self {
            case .rejecting: 60
            case .silent, .withoutSocket: 5
            case .accepting: 1
            }
        }
    }

    /// Nil where the failure has nothing to do with whether connections are taken.
    private func standing(with problem: Problem) -> Standing? {
        guard problem.code == .queryFailed || problem.code == .serverIsNotReady else { return nil }
        guard let parameters = try? cluster.parameters() else { return .withoutSocket }
        return switch Connection.ping(parameters) {
        case .rejects: .rejecting
        case .silent: .silent
        case .accepts: .accepting
        }
    }

    // MARK: What was committed a moment ago

    /// A commit carries the time at which it was decided, and reaches WAL and the disk a moment later (with
    /// synchronous_commit off, up to a second later). For a target so recent the source is given that moment,
    /// so that what was committed by then is really there to be read.
    ///
    /// A transaction or a restore point may have been made just now as well.
    private func letPass(_ moment: RecoveryTarget?) throws(Problem) {
        func passed(since time: PostgresTimestamp) -> Int64 {
            reader.clock.now().microseconds - time.microseconds
        }
        switch moment {
        case .latest, .backup: return
        case .time(let time) where !(0..<5_000_000).contains(passed(since: time)): return
        default: break
        }
        // That takes a part of the moment.
        let connection = try Connection(try cluster.parameters())
        if case .time(let time) = moment {
            while passed(since: time) < 50_000 { Pause.milliseconds(1) }
        }
        try reader.awaitFlush(connection)
    }
}
