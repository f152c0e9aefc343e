public import Platform
public import PostgresFormat

/// A moment on both clocks.
public struct StreamMoment: Sendable, Hashable {
    /// On the clock of the server that sends.
    public var there: PostgresTimestamp
    /// On the clock of this machine.
    public var here: PostgresTimestamp

    public init(there: PostgresTimestamp, here: PostgresTimestamp) {
        self.there = there
        self.here = here
    }
}

/// Where a stream of WAL stands: what has come, what is durable, and up to which moment nothing is missing.
///
/// A walsender looks how far WAL is flushed before it makes a message with WAL, and once in its loop between
/// two answers to what it is asked. So whatever was flushed before a message was sent has come with the next
/// WAL, or else with the second of two answers: once that is durable, every commit that was acknowledged
/// before the earlier message's time is held. An answer right behind WAL says nothing of it, and neither does
/// a sign of life that nobody asked for. No second one is asked for before the first has come.
public struct WALStreamState: Sendable {
    /// The next byte that is to come.
    public private(set) var received: LSN
    /// Up to here everything is on the disk.
    public private(set) var durable: LSN
    /// How far the server said it was.
    public private(set) var serverEnd: LSN
    /// Everything acknowledged before is durable here; nil before that is known of any moment.
    public private(set) var confirmed: StreamMoment?
    private var last: StreamMoment?
    private var lastWasAnswer = false
    /// Moments that count once WAL up to a place is durable, in the order of both.
    private var waiting: [(end: LSN, moment: StreamMoment)] = []
    private var awaitsAnswer = false
    private let isHistoric: Bool
    private let slotStart: LSN

    /// - Parameters:
    ///   - isHistoric: the server has left the timeline: what it commits now lies on another one, so no
    ///     moment is confirmed by holding all of this one.
    ///   - slotStart: the slot keeps WAL from there on; nothing before is acknowledged.
    public init(from start: LSN, isHistoric: Bool = false, slotStart: LSN = .zero) {
        self.isHistoric = isHistoric
        self.slotStart = slotStart
        received = start
        durable = start
        serverEnd = start
    }

    /// Takes a message and answers which WAL in it is to be written, and where; nil for none.
    ///
    /// Throws `.queryFailed` where WAL is missing in between.
    public mutating func take(
        _ message: WALStreamMessage, now: PostgresTimestamp
    ) throws(Problem) -> (LSN, UnsafeRawBufferPointer)? {
        var piece: (LSN, UnsafeRawBufferPointer)?
        switch message.kind {
        case .wal(let start, let bytes):
            guard start == received else {
                throw Problem(
                    .queryFailed, "the server skipped WAL",
                    detail: "it sent \(start) where \(received) follows")
            }
            guard UInt64(bytes.count) <= UInt64.max - start.rawValue else {
                throw Problem(.queryFailed, "the server sent WAL beyond every address")
            }
            piece = (start, bytes)
            received = received.advanced(by: UInt64(bytes.count))
            follow(message, isAnswer: false, now)
        case .keepalive(wantsReply: false):
            awaitsAnswer = false
            follow(message, isAnswer: true, now)
        // Nobody asked for it.
        case .keepalive(wantsReply: true): break
        }
        serverEnd = max(serverEnd, max(received, message.serverEnd))
        hasHeard = true
        confirm()
        return piece
    }

    private mutating func follow(_ message: WALStreamMessage, isAnswer: Bool, _ now: PostgresTimestamp) {
        guard !isHistoric else { return }
        if let last, !isAnswer || lastWasAnswer {
            waiting.append((max(received, message.serverEnd), last))
            // Under load only some of those that wait for one flush are worth keeping.
            if waiting.count > 64 { waiting.removeSubrange(1..<32) }
        }
        last = StreamMoment(there: message.sentAt, here: now)
        lastWasAnswer = isAnswer
    }

    /// Everything before is on the disk now.
    public mutating func madeDurable(_ position: LSN) {
        durable = max(durable, min(position, received))
        confirm()
    }

    /// What to tell the server; asks for a sign of life unless one is awaited.
    public mutating func status(asking: Bool) -> StandbyStatus {
        let asks = asking && !awaitsAnswer
        if asks { awaitsAnswer = true }
        return StandbyStatus(
            written: received, flushed: durable < slotStart ? .zero : durable, wantsReply: asks)
    }

    /// Whether any message has come.
    public private(set) var hasHeard = false

    /// What the slot keeps on the server and that is not acknowledged, in bytes.
    public var held: UInt64 {
        let kept = max(durable, slotStart)
        return serverEnd > kept ? serverEnd.distance(from: kept) : 0
    }

    private mutating func confirm() {
        guard let index = waiting.lastIndex(where: { $0.end <= durable }) else { return }
        confirmed = waiting[index].moment
        waiting.removeSubrange(...index)
    }
}
