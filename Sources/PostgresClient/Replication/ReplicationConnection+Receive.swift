import CLibPQ
#if canImport(Glibc)
    import Glibc
#endif
public import Platform
public import PostgresFormat

/// Where received WAL goes.
public protocol WALSink: AnyObject {
    /// Writes WAL that follows the one before.
    func write(_ bytes: UnsafeRawBufferPointer, at position: LSN) throws(Problem)
    /// Makes everything written durable.
    func flush() throws(Problem)
    /// Called about twice a second, and whenever something has become durable.
    func report(_ state: WALStreamState)
    /// Whether receiving is to end.
    var isCalledOff: Bool { get }
    /// A descriptor that can be read once it is worth looking whether receiving is to end; negative for none.
    var interruption: Int32 { get }
}

/// Why a stream ended in order.
public enum WALStreamEnd: Sendable, Hashable {
    /// The sink wanted no more; everything before the position is durable.
    case calledOff(at: LSN)
    /// The server has gone on with another timeline, from that position.
    case timelineEnded(next: TimelineID, at: LSN)
    /// The server was shut down.
    case serverEnded
}

extension ReplicationConnection {
    private static let pollMilliseconds: Int32 = 200
    private static let secondsBetweenReports = 0.5
    /// A server that does not answer for that long is taken for dead.
    private static let secondsOfSilence = 30.0
    /// Seconds after which it is looked whether receiving is to end, although more is there to be read.
    private static let longestDrain = 0.05
    /// Seconds for which one looks away once all has come that the server has, where no commit waits: each
    /// message alone would wake this process for every commit there.
    private static let rest = 0.02

    /// Receives WAL from `start` until it is called off, the server ends, or its timeline does.
    ///
    /// Acknowledged is only what is durable, and nothing before the place from which the slot keeps WAL: a
    /// slot goes back to what is acknowledged, and would hold back again what it was given up for. No
    /// moment is confirmed by a historic timeline, which the server itself has left: what it commits lies
    /// on another one. However it ends, what came is durable before, unless the sink failed. Throws
    /// `.queryFailed` with the server's words, and what the sink throws; the connection is of no use then.
    ///
    /// - Parameter isAwaited: whether commits of the server wait for what is acknowledged.
    public func receiveWAL(
        from start: LSN, timeline: TimelineID, isHistoric: Bool, slot: SlotName?, slotStart: LSN = .zero,
        isAwaited: Bool = false, clock: any WallClock, into sink: any WALSink
    ) throws(Problem) -> WALStreamEnd {
        let with = slot.map { "SLOT \($0) " } ?? ""
        try libpq.startCopy("START_REPLICATION \(with)PHYSICAL \(start) TIMELINE \(timeline)")
        let watch = Stopwatch()
        let reception = Reception(
            WALStreamState(from: start, isHistoric: isHistoric, slotStart: slotStart), sink, clock,
            isAwaited: isAwaited, seconds: { watch.seconds })
        do throws(Problem) {
            return try receive(reception)
        } catch {
            try reception.keep()
            throw error
        }
    }

    private func receive(_ reception: Reception) throws(Problem) -> WALStreamEnd {
        let (sink, clock) = (reception.sink, reception.clock)
        var reported = -Self.secondsBetweenReports
        while true {
            let isOver = try drain(reception)
            if isOver || sink.isCalledOff || reception.isFlushDue {
                try reception.acknowledge { (status) throws(Problem) in try send(status, clock) }
            }
            if isOver { return try endOfStream() }
            let durable = reception.state.durable
            if sink.isCalledOff, durable == reception.state.received {
                try finish(at: durable)
                return .calledOff(at: durable)
            }
            try reception.answer { (status) throws(Problem) in try send(status, clock) }
            if reception.seconds - reported >= Self.secondsBetweenReports {
                reported = reception.seconds
                try send(reception.status(asking: true), clock)
                sink.report(reception.state)
            }
            guard reception.seconds - reception.heard < Self.secondsOfSilence else {
                throw Problem(
                    .queryFailed, "the server has been silent for \(Int(Self.secondsOfSilence)) seconds")
            }
            try awaitMore(reception)
        }
    }

    /// Waits for more, but not for longer than what has come may wait for its flush.
    private func awaitMore(_ reception: Reception) throws(Problem) {
        let sink = reception.sink
        guard reception.isDrained, !sink.isCalledOff else { return }
        if reception.mayRest {
            reception.lookAway()
            var ended = pollfd(fd: sink.interruption, events: Int16(POLLIN), revents: 0)
            poll(&ended, 1, Int32(Self.rest * 1000))
            if try takeInput(within: 0) { return }
            reception.sawAll()
        }
        _ = try takeInput(
            within: min(Self.pollMilliseconds, reception.flushIsDueIn), or: sink.interruption)
    }

    /// Takes what has come, up to what has to be made durable; true where the server ended the stream.
    private func drain(_ reception: Reception) throws(Problem) -> Bool {
        let begun = reception.seconds
        reception.isDrained = false
        while !reception.isFull, !reception.isAsked, reception.seconds - begun < Self.longestDrain {
            switch try libpq.copyPiece() {
            case .message(let memory, let count):
                defer { PQfreemem(memory) }
                try reception.take(
                    try WALStreamMessage(parsing: UnsafeRawBufferPointer(start: memory, count: count)))
            case .end: return true
            case .nothing:
                if try takeInput(within: 0) { continue }
                reception.isDrained = true
                reception.sawAll()
                return false
            }
        }
        return false
    }

    /// Reads what the server has sent; false where nothing came within that time or before the other
    /// descriptor could be read.
    private func takeInput(within milliseconds: Int32, or other: Int32 = -1) throws(Problem) -> Bool {
        let handle = try libpq.open()
        var watched = [PQsocket(handle), other].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&watched, 2, milliseconds) > 0, watched[0].revents != 0 else { return false }
        guard PQconsumeInput(handle) == 1 else { throw libpq.failure(of: nil) }
        return true
    }

    private func send(_ status: StandbyStatus, _ clock: any WallClock) throws(Problem) {
        let message = status.encoded(at: clock.now())
        let handle = try libpq.open()
        let sent = message.withUnsafeBytes { bytes in
            PQputCopyData(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
        }
        guard sent == 1, PQflush(handle) == 0 else { throw libpq.failure(of: nil) }
    }

    /// What the server said at the end: the next timeline, an error, or nothing but its end.
    private func endOfStream() throws(Problem) -> WALStreamEnd {
        let handle = try libpq.open()
        PQputCopyEnd(handle, nil)
        PQflush(handle)
        var end = WALStreamEnd.serverEnded
        while let result = PQgetResult(handle) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK:
                if let timeline = UInt32(Self.value(result, 0)), let at = LSN(Self.value(result, 1)),
                    at.isPlausible
                {
                    end = .timelineEnded(next: TimelineID(timeline), at: at)
                }
            case PGRES_COMMAND_OK: break
            case PGRES_COPY_IN, PGRES_COPY_BOTH, PGRES_COPY_OUT: return end
            default: throw libpq.failure(of: result)
            }
        }
        return end
    }

    private static func value(_ result: OpaquePointer, _ column: Int32) -> String {
        guard PQntuples(result) > 0, column < PQnfields(result), let text = PQgetvalue(result, 0, column)
        else { return "" }
        return String(cString: text)
    }

    /// The server's own clock, as a sign of life carries it. Nothing is received.
    public func serverTime() throws(Problem) -> PostgresTimestamp {
        let identity = try identifySystem()
        try libpq.startCopy(
            "START_REPLICATION PHYSICAL \(identity.flushLSN) TIMELINE \(identity.timeline)")
        try send(
            StandbyStatus(written: identity.flushLSN, flushed: .zero, wantsReply: true), SystemWallClock())
        let watch = Stopwatch()
        while watch.seconds < Self.secondsOfSilence {
            switch try libpq.copyPiece() {
            case .message(let memory, let count):
                defer { PQfreemem(memory) }
                let message = try WALStreamMessage(
                    parsing: UnsafeRawBufferPointer(start: memory, count: count))
                try finish(at: identity.flushLSN)
                return message.sentAt
            case .end: throw libpq.failure(of: nil)
            case .nothing: _ = try takeInput(within: Self.pollMilliseconds)
            }
        }
        throw Problem(.queryFailed, "the server does not answer in the WAL stream")
    }
}
