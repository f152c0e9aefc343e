import Planning
import PostgresFormat
import TestKit
import Testing

/// A source whose clock went back while its WAL went on.
struct SteppedClockTests {
    private func time(_ seconds: Int64) -> RecoveryTarget { .time(CraftedWAL.time(seconds)) }

    /// One commit while the clock was ahead, then three at the right time.
    private func stepped() -> (wal: CraftedWAL, last: CraftedWAL.Record) {
        var wal = CraftedWAL()
        wal.backup("base", at: 100)
        wal.commit(7, at: 110)
        wal.commit(8, at: 4000)
        wal.commit(9, at: 120)
        wal.end(.abort, 10, at: CraftedWAL.time(121))
        wal.fillSegment(leaving: 24)
        wal.commit(11, at: 125)
        let last = wal.commit(12, at: 130)
        wal.commit(13, at: 140)
        return (wal, last)
    }

    @Test func `says what is timed before the target and lies beyond the cut, and what includes it`() throws {
        let (wal, last) = stepped()
        let plan = try wal.held().plan(time(135))
        #expect(plan.lastInside?.xid == 7 && plan.firstOutside?.xid == 8)
        let hazard = try #require(plan.hazards.first { $0.code == Hazard.timesGoBack })
        #expect(hazard.message.contains("3 transactions timed at or before the target lie beyond the cut"))
        #expect(
            hazard.message.contains("between \(CraftedWAL.time(120)) and \(CraftedWAL.time(130))"))
        #expect(hazard.message.contains("--lsn \(last.start) (or --xid 12)"))
        let including = try wal.held().plan(.position(last.start, exclusive: false))
        #expect(including.lastInside?.xid == 12)
    }

    @Test func `says nothing where times rise`() throws {
        var wal = CraftedWAL()
        wal.backup("base", at: 100)
        for second in 110...130 { wal.commit(UInt32(second), at: Int64(second)) }
        #expect(try wal.held().plan(time(115)).hazards == [])
        #expect(try stepped().wal.held().plan(time(4001)).hazards == [])
    }

    @Test func `a time that the clock has not reached is cut where the WAL goes on behind it`() throws {
        let held = stepped().wal.held(latest: CraftedWAL.time(141))
        let plan = try held.plan(time(3000))
        #expect(plan.firstOutside?.xid == 8)
        // Nothing is timed after this one: it stays too late.
        #expect(throws: Refusal.self) { try held.plan(time(5000)) }
    }

    @Test func `bounds are never printed in the wrong order`() throws {
        let detail = Refusal.tooEarly(
            requested: CraftedWAL.time(1), earliest: CraftedWAL.time(9), latest: CraftedWAL.time(5)
        ).detail
        #expect(detail == "restorable from \(CraftedWAL.time(9)) to \(CraftedWAL.time(9))")
    }
}
