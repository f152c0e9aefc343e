import Platform
import PostgresFormat

/// A stream of WAL on its way to the sink: what has come, and when that is to be made durable.
///
/// A flush may take the disk's time of a server on this machine, and an acknowledgement wakes a process of
/// the server. So one flush is made for what comes in half a second, unless commits wait for it.
final class Reception {
    private static let longestUnflushed = 0.5
    private static let mostUnflushed: UInt64 = 16 << 20
    private static let mostUnflushedAwaited: UInt64 = 4 << 20

    let sink: any WALSink
    let clock: any WallClock
    private(set) var state: WALStreamState
    /// When the server was last heard.
    private(set) var heard = 0.0
    /// Whether the server waits for a reply: it does not stop before all that it sent is durable here.
    private(set) var isAsked = false
    private let isAwaited: Bool
    private let now: () -> Double
    /// Nil where all that has come is durable.
    private var unflushedSince: Double?
    /// The sink did what it was last told to do.
    private var isSound = true
    /// All that was read of the connection has been taken.
    var isDrained = false
    /// Something came since one looked away last.
    private var hasCome = false
    /// When one looked away, until all is taken that came meanwhile: at any moment since.
    private var lookedAway: PostgresTimestamp?

    /// - Parameters:
    ///   - isAwaited: whether commits of the server wait for what is acknowledged.
    ///   - seconds: since the beginning.
    init(
        _ state: WALStreamState, _ sink: any WALSink, _ clock: any WallClock, isAwaited: Bool,
        seconds: @escaping () -> Double
    ) {
        self.state = state
        self.sink = sink
        self.clock = clock
        self.isAwaited = isAwaited
        now = seconds
    }

    /// Since the beginning.
    var seconds: Double { now() }

    // MARK: What comes

    func take(_ message: WALStreamMessage) throws(Problem) {
        heard = seconds
        (isDrained, hasCome) = (false, true)
        // WAL of no bytes leaves nothing to be flushed: its flush would be due for ever.
        if let (position, bytes) = try state.take(message, now: lookedAway ?? clock.now()), !bytes.isEmpty {
            isSound = false
            try sink.write(bytes, at: position)
            isSound = true
            if unflushedSince == nil { unflushedSince = heard }
        }
        if case .keepalive(wantsReply: true) = message.kind { isAsked = true }
    }

    /// Nothing more is there to be taken at this moment.
    func sawAll() { lookedAway = nil }

    /// Whether what has come is to be made durable before more is taken.
    var isFull: Bool {
        state.received.rawValue - state.durable.rawValue
            >= (isAwaited ? Self.mostUnflushedAwaited : Self.mostUnflushed)
    }

    // MARK: Making it durable

    var isFlushDue: Bool { isFull || isAsked || flushIsDueIn == 0 }

    /// In milliseconds.
    var flushIsDueIn: Int32 {
        guard let unflushedSince else { return .max }
        let left = isAwaited ? 0 : unflushedSince + Self.longestUnflushed - seconds
        return Int32(max(0, left * 1000))
    }

    /// Answers whether there was anything to be made durable.
    func flush() throws(Problem) -> Bool {
        guard state.durable < state.received else { return false }
        isSound = false
        try sink.flush()
        isSound = true
        // A slow disk here is no silence there.
        heard = seconds
        unflushedSince = nil
        state.madeDurable(state.received)
        return true
    }

    /// Makes durable what has come, and has the server told of it. The sink hears of it also where the server
    /// cannot: it is durable all the same.
    func acknowledge(_ send: (StandbyStatus) throws(Problem) -> Void) throws(Problem) {
        guard try flush() else { return }
        defer { sink.report(state) }
        try send(state.status(asking: false))
    }

    /// Makes durable what came before a connection broke; nothing where the sink itself failed: a flush that
    /// is repeated after a failed one says nothing of what that one lost.
    func keep() throws(Problem) {
        guard isSound, try flush() else { return }
        sink.report(state)
    }

    /// Replies if that is wanted.
    func answer(_ send: (StandbyStatus) throws(Problem) -> Void) throws(Problem) {
        guard isAsked else { return }
        isAsked = false
        try send(state.status(asking: false))
    }

    /// What to tell the server.
    func status(asking: Bool) -> StandbyStatus { state.status(asking: asking) }

    // MARK: Looking away

    /// Whether the connection may be left alone for a moment: the server has sent all that it said it had,
    /// and no commit waits.
    var mayRest: Bool { !isAwaited && hasCome && state.received >= state.serverEnd }

    func lookAway() {
        hasCome = false
        lookedAway = clock.now()
    }
}
