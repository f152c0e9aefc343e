import PostgresFormat
import Repository
import Testing

/// How the receiving of a source's WAL stands, as values.
struct ReceiverStatusTests {
    private static func moment(_ microseconds: Int64) -> PostgresTimestamp {
        PostgresTimestamp(microseconds: microseconds)
    }

    private static func streaming() -> ReceiverStatus {
        var status = ReceiverStatus(phase: .streaming, at: moment(1))
        status.follow(
            TimelineID(1), durable: LSN(5000), sourceEnd: LSN(6000), confirmed: (moment(40), moment(41)))
        return status
    }

    @Test(.timeLimit(.minutes(5)))
    func `a stream that begins its segment anew makes nothing less durable`() {
        var status = Self.streaming()
        status.follow(TimelineID(1), durable: LSN(4000), sourceEnd: LSN(4000), confirmed: nil)
        #expect(status.durable == LSN(5000))
        #expect(status.sourceEnd == LSN(5000))
        #expect(status.confirmedThere == Self.moment(40))
        status.follow(TimelineID(1), durable: LSN(7000), sourceEnd: LSN(7000), confirmed: nil)
        #expect(status.durable == LSN(7000))
    }

    @Test(.timeLimit(.minutes(5)))
    func `on another timeline no moment is confirmed before the stream tells one`() {
        var status = Self.streaming()
        status.follow(TimelineID(2), durable: LSN(4000), sourceEnd: LSN(4500), confirmed: nil)
        #expect(status.timeline == TimelineID(2))
        #expect(status.durable == LSN(4000))
        #expect(status.confirmedThere == nil)
        #expect(status.confirmedHere == nil)
        let told = (there: Self.moment(90), here: Self.moment(91))
        status.follow(TimelineID(2), durable: LSN(4500), sourceEnd: LSN(4500), confirmed: told)
        #expect(status.confirmedThere == Self.moment(90))
        #expect(status.confirmedHere == Self.moment(91))
    }

    @Test(.timeLimit(.minutes(5)))
    func `what the source told, and when its slot was made anew, is read as it was written`() throws {
        var status = Self.streaming()
        status.source = SourceAnswers(
            address: "db:5432", slotKeepSize: "-1", synchronousNames: "ANY 1 (a, b)", slotIsTemporary: true,
            held: 77)
        status.source?.at = Self.moment(8)
        status.renewal = SlotRenewal(at: Self.moment(9), reason: .limit)
        #expect(try ReceiverStatus(parsing: status.encoded, path: "status.json") == status)
        status.source?.slotIsTemporary = nil
        status.source?.at = nil
        status.renewal = nil
        #expect(try ReceiverStatus(parsing: status.encoded, path: "status.json") == status)
    }
}
