import Planning
import PostgresFormat
import TestKit
import Testing

/// A source whose clock went back while its log went on.
struct SteppedClockTests {
    private func time(_ seconds: Int64) -> RecoveryTarget { .time(CraftedLog.time(seconds)) }

    /// One commit while the clock was ahead, then three at the right time.
    private func stepped() -> (log: CraftedLog, last: CraftedLog.Record) {
        var log = CraftedLog()
        log.backup("base", at: 100)
        log.commit(7, at: 110)
        log.commit(8, at: 4000)
        log.commit(9, at: 120)
        log.end(.abort, 10, at: CraftedLog.time(121))
        log.fillSegment(leaving: 24)
        log.commit(11, at: 125)
        let last = log.commit(12, at: 130)
        log.commit(13, at: 140)
        return (log, last)
    }

    @Test func `says what is timed before the target and lies beyond the cut, and what includes it`() throws {
        let (log, last) = stepped()
        let plan = try log.held().plan(time(135))
        #expect(plan.lastInside?.xid == 7 && plan.firstOutside?.xid == 8)
        let hazard = try #require(plan.hazards.first { $0.code == Hazard.timesGoBack })
        #expect(hazard.message.contains("3 transactions timed at or before the target lie beyond the cut"))
        #expect(
            hazard.message.contains("between \(CraftedLog.time(120)) and \(CraftedLog.time(130))"))
        #expect(hazard.message.contains("--lsn \(last.start) (or --xid 12)"))
        let including = try log.held().plan(.position(last.start, exclusive: false))
        #expect(including.lastInside?.xid == 12)
    }

    @Test func `says nothing where times rise`() throws {
        var log = CraftedLog()
        log.backup("base", at: 100)
        for second in 110...130 { log.commit(UInt32(second), at: Int64(second)) }
        #expect(try log.held().plan(time(115)).hazards == [])
        #expect(try stepped().log.held().plan(time(4001)).hazards == [])
    }

    @Test func `a time that the clock has not reached is cut where the log goes on behind it`() throws {
        let held = stepped().log.held(latest: CraftedLog.time(141))
        let plan = try held.plan(time(3000))
        #expect(plan.firstOutside?.xid == 8)
        // Nothing is timed after this one: it stays too late.
        #expect(throws: Refusal.self) { try held.plan(time(5000)) }
    }

    @Test func `bounds are never printed in the wrong order`() throws {
        let detail = Refusal.tooEarly(
            requested: CraftedLog.time(1), earliest: CraftedLog.time(9), latest: CraftedLog.time(5)
        ).detail
        #expect(detail == "restorable from \(CraftedLog.time(9)) to \(CraftedLog.time(9))")
    }
}
