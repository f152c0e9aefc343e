import Platform
import PostgresFormat
import Testing

@testable import PostgresClient

/// When received WAL is made durable, and what is kept however a stream ends.
struct ReceptionTests {
    private final class Sink: WALSink {
        var isFailing = false
        var written = 0
        var flushes = 0
        var reported: LSN?
        let isCalledOff = false
        let interruption: Int32 = -1

        func write(_ bytes: UnsafeRawBufferPointer, at position: LSN) throws(Problem) {
            if isFailing { throw Problem(.insufficientStorage, "the disk is full") }
            written += bytes.count
        }

        func flush() throws(Problem) {
            if isFailing { throw Problem(.system, "the disk is broken") }
            flushes += 1
        }

        func report(_ state: WALStreamState) { reported = state.durable }
    }

    /// Goes on where a test says so.
    private final class Seconds {
        var now = 0.0
    }

    private let sink = Sink()
    private let seconds = Seconds()

    private func reception(isAwaited: Bool = false) -> Reception {
        Reception(
            WALStreamState(from: LSN(1000)), sink, SystemWallClock(), isAwaited: isAwaited,
            seconds: { [seconds] in seconds.now })
    }

    private static func take(_ reception: Reception, _ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try reception.take(try WALStreamMessage(parsing: $0)) }
    }

    /// WAL as a walsender sends it, which says that it has that much.
    private static func wal(_ start: UInt64, _ count: Int, end: UInt64) -> [UInt8] {
        var bytes = [UInt8(ascii: "w")]
        for number in [start, end, 5] { withUnsafeBytes(of: number.bigEndian) { bytes += Array($0) } }
        return bytes + [UInt8](repeating: 7, count: count)
    }

    private static func alive(_ end: UInt64, wantsReply: UInt8) -> [UInt8] {
        var bytes = [UInt8(ascii: "k")]
        for number in [end, 5] { withUnsafeBytes(of: number.bigEndian) { bytes += Array($0) } }
        return bytes + [wantsReply]
    }

    @Test(.timeLimit(.minutes(5)))
    func `one flush is made for what comes in a while, and the server's question does not wait for it`()
        throws
    {
        let reception = reception()
        #expect(!reception.isFlushDue && reception.flushIsDueIn > 60_000)
        try Self.take(reception, Self.wal(1000, 100, end: 1100))
        #expect(!reception.isFlushDue && reception.flushIsDueIn == 500)
        seconds.now = 0.25
        try Self.take(reception, Self.wal(1100, 100, end: 1200))
        try reception.answer { (_) throws(Problem) in Issue.record("nobody asked") }
        #expect(!reception.isFlushDue && reception.flushIsDueIn == 250 && sink.flushes == 0)
        seconds.now = 0.5
        #expect(reception.isFlushDue)
        seconds.now = 0.25
        // As it does before it stops: it waits for all that it sent to be durable here.
        try Self.take(reception, Self.alive(1200, wantsReply: 1))
        #expect(reception.isAsked && reception.isFlushDue)
        let first = try reception.flush()
        let second = try reception.flush()
        #expect(first && !second && sink.flushes == 1)
        var told: [LSN] = []
        try reception.answer { (status) throws(Problem) in told.append(status.flushed) }
        try reception.answer { (status) throws(Problem) in told.append(status.flushed) }
        #expect(told == [LSN(1200)])
    }

    @Test(.timeLimit(.minutes(5)))
    func `a message of WAL without any is nothing to be flushed`() throws {
        for isAwaited in [false, true] {
            let reception = reception(isAwaited: isAwaited)
            try Self.take(reception, Self.wal(1000, 0, end: 1000))
            seconds.now += 1
            #expect(!reception.isFlushDue && reception.flushIsDueIn == .max)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `what is durable is told here also where its acknowledgement cannot be sent`() throws {
        let reception = reception()
        try Self.take(reception, Self.wal(1000, 100, end: 1100))
        #expect(throws: Problem.self) {
            try reception.acknowledge { (_) throws(Problem) in
                throw Problem(.queryFailed, "the connection is broken")
            }
        }
        #expect(sink.reported == LSN(1100) && sink.flushes == 1)
        try reception.acknowledge { (_) throws(Problem) in Issue.record("nothing is new") }
        try reception.keep()
        #expect(sink.flushes == 1)
    }

    @Test(.timeLimit(.minutes(5)))
    func `where commits wait what has come is flushed at once`() throws {
        let reception = reception(isAwaited: true)
        #expect(!reception.isFlushDue)
        try Self.take(reception, Self.wal(1000, 100, end: 1100))
        #expect(reception.isFlushDue && !reception.mayRest)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a stream is left alone for a moment only once all has come that the server has`() throws {
        let reception = reception()
        #expect(!reception.mayRest)
        try Self.take(reception, Self.wal(1000, 100, end: 1300))
        #expect(!reception.mayRest)
        try Self.take(reception, Self.wal(1100, 200, end: 1300))
        #expect(reception.mayRest)
        reception.lookAway()
        #expect(!reception.mayRest)
    }

    @Test(.timeLimit(.minutes(5)))
    func `what came before a connection breaks is kept, and nothing is claimed of a disk that failed`() throws
    {
        let whole = reception()
        try Self.take(whole, Self.wal(1000, 100, end: 1100))
        try whole.keep()
        #expect(whole.state.durable == LSN(1100) && sink.reported == LSN(1100) && sink.flushes == 1)

        let unwritten = reception()
        try Self.take(unwritten, Self.wal(1000, 100, end: 1100))
        sink.isFailing = true
        #expect(throws: Problem.self) { try Self.take(unwritten, Self.wal(1100, 100, end: 1200)) }
        sink.isFailing = false
        try unwritten.keep()
        #expect(unwritten.state.durable == LSN(1000) && sink.flushes == 1)

        let unflushed = reception()
        try Self.take(unflushed, Self.wal(1000, 100, end: 1100))
        sink.isFailing = true
        #expect(throws: Problem.self) { try unflushed.flush() }
        // A second flush would succeed without having written what the first one lost.
        sink.isFailing = false
        try unflushed.keep()
        #expect(unflushed.state.durable == LSN(1000) && sink.flushes == 1)
    }
}
