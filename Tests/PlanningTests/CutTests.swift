import Planning
import PostgresFormat
import TestKit
import Testing

/// Targets that are places in the WAL, case by case.
struct CutTests {
    private func based(next: UInt64 = 0) -> CraftedWAL {
        var wal = CraftedWAL()
        let start = wal.beginBackup(next: next)
        wal.endBackup("base", from: start, at: CraftedWAL.time(100))
        return wal
    }

    private func refusal(_ wal: CraftedWAL, _ target: RecoveryTarget) throws -> CutRefusal? {
        guard case .cut(let refusal)? = try wal.held().refusal(target) else { return nil }
        return refusal
    }

    @Test func `a position is the first record that starts at or after it`() throws {
        var wal = based()
        let first = wal.commit(7, at: 110)
        let second = wal.commit(8, at: 120)
        let third = wal.commit(9, at: 130)
        for position in [second.start, LSN(first.start.rawValue + 1)] {
            let inclusive = try wal.held().plan(.position(position, exclusive: false))
            #expect(inclusive.setting == .lsn(position))
            #expect(inclusive.expectedEnd == second.end)
            #expect(inclusive.lastInside?.xid == 8 && inclusive.firstOutside?.xid == 9)
            let exclusive = try wal.held().plan(.position(position, exclusive: true))
            #expect(exclusive.setting == .beforeLSN(position))
            #expect(exclusive.setting.words.hasSuffix(", recovery_target_inclusive = off"))
            #expect(exclusive.expectedEnd == second.start)
            #expect(exclusive.lastInside?.xid == 7 && exclusive.firstOutside?.xid == 8)
        }
        let end = try wal.held().plan(.position(third.end, exclusive: true))
        #expect(end.setting == .lsn(third.start) && end.firstOutside == nil)
    }

    @Test func `a position outside the WAL is refused with what is held`() throws {
        var wal = based()
        let last = wal.commit(7, at: 110)
        let stop = try #require(wal.backups.first).stopLSN
        #expect(
            try refusal(wal, .position(last.end, exclusive: false))
                == .positionTooLate(last.end, end: last.end, exclusive: false))
        #expect(
            try refusal(wal, .position(LSN(9 << 20), exclusive: true))
                == .positionTooLate(LSN(9 << 20), end: last.end, exclusive: true))
        #expect(
            try refusal(wal, .position(LSN(0x28), exclusive: false))
                == .positionTooEarly(LSN(0x28), earliest: stop))
        guard
            case .everyBackupTooNew(_, _, let rejected) =
                try refusal(wal, .position(LSN(3 << 20), exclusive: false))
        else {
            Issue.record("a position inside the backup was not refused")
            return
        }
        #expect(rejected.map(\.name) == ["base"])
    }

    @Test func `a position in a hole is refused with what is reachable around it`() throws {
        var wal = based()
        wal.commit(7, at: 110)
        wal.switchSegment()
        wal.commit(8, at: 120)
        wal.switchSegment()
        let later = wal.commit(9, at: 130)
        let held = wal.held(missing: [4])
        for position in [LSN((4 << 20) + 40), later.start] {
            let answer = try held.refusal(.position(position, exclusive: false))
            #expect(answer?.message == "WAL segment 000000010000000000000004 is missing from the archive")
        }
    }

    @Test func `a transaction is inside with its commit, or left out with it`() throws {
        var wal = based()
        wal.commit(7, at: 110)
        let end = wal.commit(8, at: 120)
        wal.commit(9, at: 105)
        let inclusive = try wal.held().plan(.transaction(TransactionNumber(8), exclusive: false))
        #expect(inclusive.setting == .transaction(TransactionID(8)))
        #expect(inclusive.expectedEnd == end.end)
        #expect(inclusive.lastInside?.xid == 8 && inclusive.firstOutside?.xid == 9)
        let exclusive = try wal.held().plan(.transaction(TransactionNumber(8), exclusive: true))
        #expect(exclusive.setting == .beforeTransaction(TransactionID(8)))
        #expect(exclusive.expectedEnd == end.start)
        #expect(exclusive.lastInside?.xid == 7 && exclusive.firstOutside?.xid == 8)
    }

    @Test func `what would leak in front of a transaction left out makes it a position`() throws {
        var wal = based()
        let inside = wal.commit(7, at: 110)
        wal.leak(.sequence)
        wal.commit(8, at: 120)
        let plan = try wal.held().plan(.transaction(TransactionNumber(8), exclusive: true))
        #expect(plan.setting == .lsn(inside.start) && plan.expectedEnd == inside.end)
        #expect(plan.reason.contains("a sequence's change"))
    }

    @Test func `a transaction before the backup's end is refused`() throws {
        var wal = CraftedWAL()
        let start = wal.beginBackup()
        wal.commit(7, at: 90)
        wal.endBackup("base", from: start, at: CraftedWAL.time(100))
        wal.commit(8, at: 110)
        guard case .everyBackupTooNew = try refusal(wal, .transaction(TransactionNumber(7), exclusive: false))
        else {
            Issue.record("it was not refused")
            return
        }
    }

    @Test func `numbers with an epoch tell transactions apart that share 32 bits`() throws {
        var wal = based(next: 4 << 32 | 0xFFFF_FFF0)
        let old = wal.commit(8, at: 105)
        wal.commit(0xFFFF_FFF8, at: 110)
        let start = wal.beginBackup(next: 6 << 32 | 20)
        wal.endBackup("second", from: start, at: CraftedWAL.time(115))
        let new = wal.commit(8, at: 120)
        wal.commit(9, at: 130)
        let wanted = TransactionNumber(6 << 32 | 8)
        let plan = try wal.held().plan(.transaction(wanted, exclusive: false))
        #expect(plan.expectedEnd == new.end && plan.backupName == "second")
        #expect(plan.setting == .transaction(TransactionID(8)))
        let first = try wal.held().plan(
            .transaction(TransactionNumber(5 << 32 | 8), exclusive: false))
        #expect(first.expectedEnd == old.end && first.backupName == "base")
        let before = try wal.held().plan(
            .transaction(TransactionNumber(4 << 32 | 0xFFFF_FFF8), exclusive: true))
        #expect(before.lastInside?.lsn == old.start)
        guard
            case .ambiguousTransaction(_, let candidates) =
                try refusal(wal, .transaction(TransactionNumber(8), exclusive: false))
        else {
            Issue.record("an ambiguous number was taken")
            return
        }
        #expect(candidates.compactMap(\.number?.rawValue) == [5 << 32 | 8, 6 << 32 | 8])
        guard
            case .unknownTransaction(_, nil, let others) =
                try refusal(wal, .transaction(TransactionNumber(7 << 32 | 8), exclusive: false))
        else {
            Issue.record("an unknown epoch was taken")
            return
        }
        #expect(others.count == 2)
    }

    @Test func `a savepoint's number is refused with that of the whole, and how it ended`() throws {
        var wal = based(next: 6 << 32 | 20)
        wal.commit(7, at: 105)
        let end = wal.endPrepared(30, at: CraftedWAL.time(110), subtransactions: [31, 32])
        wal.commit(33, at: 120)
        for number in [32, 6 << 32 | 32] as [UInt64] {
            let asked = TransactionNumber(number)
            let answer = try refusal(wal, .transaction(asked, exclusive: false))
            #expect(
                answer?.message
                    == "transaction \(number) is a part of transaction \(6 << 32 | 30 as UInt64), "
                    + "such as a savepoint makes")
            #expect(
                answer?.detail?.hasSuffix("at \(CraftedWAL.time(110)) (\(end.start))") == true)
            #expect(answer?.hint == "Give the number of the whole: --xid \(6 << 32 | 30 as UInt64).")
        }
        let held = wal.held()
        let nearest = RestorePlanner(inventory: held.inventory, source: held).nearest(
            to: try #require(
                try held.refusal(.transaction(TransactionNumber(31), exclusive: false))),
            now: CraftedWAL.time(200_000))
        let whole = TransactionNumber(6 << 32 | 30)
        #expect(nearest.before == .transaction(whole, exclusive: true))
        #expect(nearest.after == .transaction(whole, exclusive: false))
        guard
            case .unknownTransaction =
                try refusal(wal, .transaction(TransactionNumber(5 << 32 | 32), exclusive: false))
        else {
            Issue.record("a number of another epoch was taken for a savepoint's")
            return
        }
    }

    @Test func `an earlier transaction with the same 32 bits on the way makes it a position`() throws {
        var wal = based(next: 4 << 32 | 20)
        let old = wal.commit(8, at: 105)
        wal.other { $0.record(.xlog, info: 0x10, mainData: CraftedWAL.checkpoint(next: 5 << 32 | 20)) }
        let new = wal.commit(8, at: 120)
        let plan = try wal.held().plan(.transaction(TransactionNumber(5 << 32 | 8), exclusive: false))
        #expect(plan.setting == .lsn(new.start))
        #expect(plan.reason.contains(old.start.description))
    }

    @Test func `a transaction that was only prepared has no end yet`() throws {
        var wal = based()
        let prepared = wal.end(.prepare, 8, at: CraftedWAL.time(110))
        wal.commit(9, at: 120)
        let answer = try refusal(wal, .transaction(TransactionNumber(8), exclusive: false))
        #expect(answer?.detail?.contains("prepared at \(CraftedWAL.time(110)) (\(prepared.start))") == true)
        wal.end(.commitPrepared, 8, at: CraftedWAL.time(130))
        let plan = try wal.held().plan(.transaction(TransactionNumber(8), exclusive: false))
        #expect(plan.lastInside?.kind == .commitPrepared)
    }

    @Test func `one that was prepared is looked for on, also where an index tells of that`() throws {
        var wal = based(next: 20)
        wal.end(.prepare, 30, at: CraftedWAL.time(110))
        wal.commit(31, at: 115)
        wal.switchSegment()
        wal.commit(32, at: 120)
        wal.switchSegment()
        let end = wal.end(.commitPrepared, 30, at: CraftedWAL.time(130))
        wal.commit(33, at: 140)
        var held = wal.held()
        held.open()
        held.indexed = Set(held.segments.map(\.name))
        let plan = try held.plan(.transaction(TransactionNumber(30), exclusive: false))
        #expect(held.segments.count == 3 && plan.lastInside?.lsn == end.start)
    }

    @Test func `a restore point is handed over by its name`() throws {
        var wal = based()
        wal.commit(7, at: 110)
        let point = wal.restorePoint("release 42", at: CraftedWAL.time(115))
        wal.commit(8, at: 120)
        let plan = try wal.held().plan(.restorePoint("release 42"))
        #expect(plan.setting.configurationLine == "recovery_target_name = 'release 42'")
        #expect(plan.expectedEnd == point.end)
        #expect(plan.lastInside?.xid == 7 && plan.firstOutside?.xid == 8)
        let odd = wal.restorePoint("it's", at: CraftedWAL.time(125))
        #expect(try wal.held().plan(.restorePoint("it's")).setting == .lsn(odd.start))
    }

    @Test func `an unknown restore point is refused with the known ones, an ambiguous one with both`() throws
    {
        var wal = based()
        let first = wal.restorePoint("a", at: CraftedWAL.time(111))
        let second = wal.restorePoint("a", at: CraftedWAL.time(112))
        wal.restorePoint("b", at: CraftedWAL.time(113))
        guard case .unknownRestorePoint("c", let known) = try refusal(wal, .restorePoint("c")) else {
            Issue.record("an unknown point was taken")
            return
        }
        #expect(known.map(\.name) == ["a", "a", "b"])
        let answer = try #require(try refusal(wal, .restorePoint("a")))
        #expect(answer.message == "2 restore points are named 'a'")
        #expect(
            answer.detail
                == "'a' at \(CraftedWAL.time(111)) (\(first.start)); 'a' at \(CraftedWAL.time(112)) (\(second.start))"
        )
        #expect(answer.hint == "Say which by its position: --lsn \(first.start), or --lsn \(second.start).")
        #expect(try refusal(based(), .restorePoint("c"))?.detail == "there are none")
    }

    @Test func `no place is handed over as a time`() throws {
        var wal = based()
        let end = wal.commit(7, at: 110)
        let answer = try wal.held().refusal(.position(end.start, exclusive: false), mode: .time)
        #expect(answer == .timeNotExact(reason: "position \(end.start) is a position in the WAL, not a time"))
    }

    @Test(
        arguments: [
            ("745", 745), ("4294967299", 4_294_967_299), ("0", nil), ("2", nil), ("4294967296", nil),
            ("-3", nil),
            ("", nil), ("7x", nil), ("99999999999999999999", nil), ("18446744073709551615", UInt64.max),
        ] as [(String, UInt64?)])
    func `a transaction's number is read strictly`(_ text: String, _ value: UInt64?) {
        #expect(TransactionNumber(text)?.rawValue == value)
    }
}
