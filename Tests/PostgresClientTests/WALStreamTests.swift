import Platform
import PostgresFormat
import Testing

@testable import PostgresClient

/// The walsender's protocol as values, without a server.
struct WALStreamTests {
    /// A message as a walsender sends it.
    private static func message(_ kind: Character, _ numbers: [UInt64], _ rest: [UInt8]) -> [UInt8] {
        var bytes = [kind.asciiValue ?? 0]
        for number in numbers { withUnsafeBytes(of: number.bigEndian) { bytes += Array($0) } }
        return bytes + rest
    }

    private static func wal(_ start: UInt64, end: UInt64, sent: UInt64, _ count: Int) -> [UInt8] {
        message("w", [start, end, sent], [UInt8](repeating: 7, count: count))
    }

    private static func alive(_ end: UInt64, sent: UInt64) -> [UInt8] { message("k", [end, sent], [0]) }

    @discardableResult
    private static func give(_ bytes: [UInt8], to state: inout WALStreamState) throws -> Int? {
        try bytes.withUnsafeBytes { raw in
            try state.take(
                try WALStreamMessage(parsing: raw), now: PostgresTimestamp(microseconds: 0))?.1.count
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `only what is durable is acknowledged`() throws {
        var state = WALStreamState(from: LSN(1000))
        #expect(try Self.give(Self.wal(1000, end: 1100, sent: 1, 100), to: &state) == 100)
        var status = state.status(asking: false)
        #expect(status == StandbyStatus(written: LSN(1100), flushed: LSN(1000), wantsReply: false))
        state.madeDurable(LSN(1050))
        status = state.status(asking: false)
        #expect(status.flushed == LSN(1050))
        let bytes = status.encoded(at: PostgresTimestamp(microseconds: 5))
        let expected = Self.message("r", [1100, 1050, 0, 5], [0])
        #expect(bytes == expected)
    }

    @Test(.timeLimit(.minutes(5)))
    func `nothing before the place from which the slot keeps WAL is acknowledged`() throws {
        var state = WALStreamState(from: LSN(1000), slotStart: LSN(1080))
        #expect(!state.hasHeard && state.held == 0)
        try Self.give(Self.wal(1000, end: 1500, sent: 1, 100), to: &state)
        #expect(state.hasHeard && state.held == 420)
        state.madeDurable(LSN(1050))
        #expect(state.status(asking: false).flushed == .zero)
        state.madeDurable(LSN(1090))
        #expect(state.status(asking: false).flushed == LSN(1090))
        #expect(state.held == 410)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a moment is confirmed by what the server sends next, once that is durable`() throws {
        var state = WALStreamState(from: LSN(1000))
        try Self.give(Self.wal(1000, end: 1100, sent: 10, 100), to: &state)
        state.madeDurable(LSN(1100))
        // What was flushed while that message was on its way may still be missing.
        #expect(state.confirmed == nil)
        try Self.give(Self.wal(1100, end: 1300, sent: 20, 100), to: &state)
        state.madeDurable(LSN(1200))
        // The server had more when it sent the second one.
        #expect(state.confirmed == nil)
        try Self.give(Self.wal(1200, end: 1300, sent: 30, 100), to: &state)
        state.madeDurable(LSN(1300))
        #expect(state.confirmed?.there == PostgresTimestamp(microseconds: 20))
        // An answer may have been made before the server looked at what was flushed since.
        try Self.give(Self.alive(1300, sent: 40), to: &state)
        #expect(state.confirmed?.there == PostgresTimestamp(microseconds: 20))
        try Self.give(Self.message("k", [1300, 45], [1]), to: &state)
        #expect(state.confirmed?.there == PostgresTimestamp(microseconds: 20))
        try Self.give(Self.alive(1300, sent: 50), to: &state)
        #expect(state.confirmed?.there == PostgresTimestamp(microseconds: 40))
    }

    @Test(.timeLimit(.minutes(5)))
    func `a timeline that the server has left confirms no moment`() throws {
        var state = WALStreamState(from: LSN(1000), isHistoric: true)
        try Self.give(Self.wal(1000, end: 1200, sent: 10, 100), to: &state)
        try Self.give(Self.wal(1100, end: 1200, sent: 20, 100), to: &state)
        state.madeDurable(LSN(1200))
        try Self.give(Self.alive(1200, sent: 30), to: &state)
        try Self.give(Self.alive(1200, sent: 40), to: &state)
        #expect(state.durable == LSN(1200))
        #expect(state.confirmed == nil)
    }

    @Test(.timeLimit(.minutes(5)))
    func `no second sign of life is asked for before the first has come`() throws {
        var state = WALStreamState(from: LSN(1000))
        let asked = [state.status(asking: true).wantsReply, state.status(asking: true).wantsReply]
        #expect(asked == [true, false])
        try Self.give(Self.alive(1000, sent: 1), to: &state)
        let again = state.status(asking: true).wantsReply
        #expect(again)
    }

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            [], [0], message("w", [1000, 1000], []), message("k", [1000, 1], []),
            message("k", [1000, 1], [0, 0]), message("x", [1000, 1, 1], [0]),
            wal(900, end: 1000, sent: 1, 100), wal(1001, end: 1000, sent: 1, 1),
        ] as [[UInt8]])
    func `a broken message and WAL that does not follow are refused`(_ bytes: [UInt8]) {
        var state = WALStreamState(from: LSN(1000))
        let problem = #expect(throws: Problem.self) { try Self.give(bytes, to: &state) }
        #expect(problem?.code == .queryFailed)
        #expect(state.received == LSN(1000))
    }

    @Test(.timeLimit(.minutes(5)))
    func `a base backup is asked for without its WAL, and a hostile label stays a literal`() {
        let command = BaseBackupCommand(label: "it's", checkpoint: .spread, maxRate: 1024)
        #expect(command.text.hasPrefix("BASE_BACKUP (LABEL 'it''s', "))
        #expect(command.text.contains("CHECKPOINT 'spread', WAL false, WAIT false"))
        #expect(command.text.hasSuffix("MAX_RATE 1024)"))
        #expect(SlotName("a;b") == nil && SlotName("") == nil && SlotName("Pitr") == nil)
        #expect(SlotName("pitr_1")?.description == "pitr_1")
    }
}
