import Planning
import PostgresFormat
import TestKit
import Testing

/// What a plan tells beyond what a restore needs, and what a refusal offers instead.
struct PlanFactsTests {
    private func time(_ seconds: Int64) -> RecoveryTarget { .time(CraftedWAL.time(seconds)) }

    private func based() -> CraftedWAL {
        var wal = CraftedWAL()
        wal.backup("base", at: 100)
        return wal
    }

    private func nearest(_ held: HeldSegments, _ target: RecoveryTarget) throws -> NearestTargets {
        let refusal = try #require(try held.refusal(target))
        return RestorePlanner(inventory: held.inventory, source: held).nearest(
            to: refusal, now: CraftedWAL.time(200_000))
    }

    @Test func `tells the transactions that are prepared and not ended, wherever they were prepared`() throws
    {
        var wal = based()
        wal.backups[0].preparedAtStart = [TransactionID(4), TransactionID(5), TransactionID(7)]
        wal.end(.prepare, 7, at: CraftedWAL.time(105))
        wal.end(.commitPrepared, 4, at: CraftedWAL.time(110))
        let kept = wal.end(.prepare, 8, at: CraftedWAL.time(111))
        wal.commit(9, at: 112)
        wal.end(.abortPrepared, 8, at: CraftedWAL.time(120))
        wal.end(.commitPrepared, 5, at: CraftedWAL.time(121))
        let plan = try wal.held().plan(time(115))
        #expect(plan.inDoubt.map(\.xid) == [5, 7, 8])
        #expect(plan.inDoubt.map { $0.lsn == nil } == [true, false, false])
        #expect(plan.inDoubt.last?.lsn == kept.start && plan.inDoubt.last?.time == CraftedWAL.time(111))
        #expect(plan.hazards.map(\.code) == ["prepared-transactions"])
        let later = try wal.held().plan(time(200))
        #expect(later.inDoubt.map(\.xid) == [7])
    }

    @Test func `has no hazard to tell of when all that was prepared had ended`() throws {
        var wal = based()
        wal.end(.prepare, 7, at: CraftedWAL.time(105))
        wal.end(.commitPrepared, 7, at: CraftedWAL.time(106))
        wal.commit(9, at: 112)
        #expect(try wal.held().plan(.latest).hazards == [])
    }

    @Test func `tells where the level of the WAL changed`() throws {
        var wal = based()
        wal.commit(7, at: 105)
        wal.commit(6, at: 106)
        var parameters = WALParameters(
            maxConnections: 100, maxWorkerProcesses: 8, maxWalSenders: 10, maxPreparedTransactions: 0,
            maxLocksPerTransaction: 64, walLevel: .logical)
        let change = wal.other { $0.parameterChange(parameters) }
        parameters.maxConnections = 101
        wal.other { $0.parameterChange(parameters) }
        wal.commit(8, at: 120)
        let base = try #require(wal.backups.first)
        let start = WALLevelBand(from: base.startLSN, level: .replica)
        #expect(try wal.held().plan(time(105)).walLevels == [start])
        #expect(
            try wal.held().plan(.latest).walLevels
                == [start, WALLevelBand(from: change.start, level: .logical)])
    }

    @Test func `offers the bounds of the window`() throws {
        var wal = based()
        wal.commit(7, at: 110)
        let held = wal.held(latest: CraftedWAL.time(130))
        #expect(try nearest(held, time(50)) == NearestTargets(before: nil, after: time(100)))
        #expect(try nearest(held, time(140)) == NearestTargets(before: time(130), after: nil))
        #expect(
            try nearest(held, .position(LSN(0x28), exclusive: false))
                == NearestTargets(before: nil, after: time(100)))
        #expect(
            try nearest(held, .position(LSN(9 << 20), exclusive: false))
                == NearestTargets(before: .latest, after: nil))
    }

    @Test func `offers both sides of a gap, and of WAL that cannot be replayed`() throws {
        var wal = based()
        wal.commit(7, at: 110)
        wal.commit(8, at: 120)
        wal.switchSegment()
        wal.commit(9, at: 130)
        wal.switchSegment()
        wal.backup("second", at: 150)
        wal.commit(10, at: 160)
        let gap = try nearest(wal.held(missing: [4]), time(125))
        #expect(
            gap
                == NearestTargets(
                    before: .time(CraftedWAL.time(120).advanced(byMicroseconds: -1)), after: time(150)))
        var minimal = based()
        minimal.commit(7, at: 110)
        minimal.other {
            $0.parameterChange(
                WALParameters(
                    maxConnections: 100, maxWorkerProcesses: 8, maxWalSenders: 0, maxPreparedTransactions: 0,
                    maxLocksPerTransaction: 64, walLevel: .minimal))
        }
        minimal.commit(8, at: 120)
        minimal.commit(10, at: 130)
        minimal.backup("second", at: 150)
        minimal.commit(9, at: 160)
        #expect(
            try nearest(minimal.held(), time(125)) == NearestTargets(before: time(110), after: time(150)))
    }

    @Test func `offers nothing where nothing can be reached`() throws {
        let held = CraftedWAL().held()
        #expect(try nearest(held, time(50)) == NearestTargets(before: nil, after: nil))
        #expect(try nearest(based().held(), .backup("x")) == NearestTargets(before: nil, after: nil))
    }
}
