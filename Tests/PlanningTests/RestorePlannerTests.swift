import Planning
import PostgresFormat
import TestKit
import Testing

/// What is handed to PostgreSQL, case by case.
struct RestorePlannerTests {
    private func time(_ seconds: Int64) -> RecoveryTarget { .time(CraftedWAL.time(seconds)) }

    private func based() -> CraftedWAL {
        var wal = CraftedWAL()
        wal.backup("base", at: 100)
        return wal
    }

    @Test func `hands over the time where the next commit is the first thing left out`() throws {
        var wal = based()
        let inside = wal.commit(7, at: 110)
        let outside = wal.commit(8, at: 120)
        let plan = try wal.held().plan(time(115))
        #expect(plan.setting == .time(CraftedWAL.time(115)))
        #expect(plan.lastInside?.lsn == inside.start && plan.lastInside?.xid == 7)
        #expect(plan.firstOutside?.lsn == outside.start && plan.firstOutside?.xid == 8)
        #expect(plan.expectedEnd == outside.start)
        #expect(plan.requestedTime == CraftedWAL.time(115))
        #expect(plan.walBytes == plan.expectedEnd.distance(from: plan.backupStart))
        #expect(plan.reason == "it stops exactly before the first record left out")
    }

    @Test func `prefers a verified backup where both begin in one segment`() throws {
        var wal = based()
        wal.backup("newer", at: 105)
        wal.commit(7, at: 110)
        wal.commit(8, at: 120)
        #expect(try wal.held().plan(time(115)).backupName == "newer")
        wal.backups[0].isVerified = true
        let plan = try wal.held().plan(time(115))
        #expect(plan.backupName == "base")
        #expect(plan.rejected.map(\.name) == ["newer"])
        #expect(plan.rejected.first?.reason.hasPrefix("not verified") == true)
        wal.backups[1].isVerified = true
        #expect(try wal.held().plan(time(115)).backupName == "newer")
    }

    @Test func `hands over the start of the last record inside when that is asked for`() throws {
        var wal = based()
        let inside = wal.commit(7, at: 110)
        wal.commit(8, at: 120)
        let plan = try wal.held().plan(time(115), mode: .lsn)
        #expect(plan.setting == .lsn(inside.start))
        #expect(plan.expectedEnd == inside.end)
    }

    @Test(arguments: [
        (ResourceManager.sequence, UInt8(0), "a sequence's change"), (.database, 0x20, "a DROP DATABASE"),
        (.database, 0x00, "a CREATE DATABASE"), (.tablespace, 0x10, "a DROP TABLESPACE"),
        (.relationMap, 0x00, "a rewrite of a mapped catalog"),
        (.heap, 0x70, "a change made in place to pg_database"),
    ])
    func `hands over a position where what follows would leak in`(
        _ manager: ResourceManager, info: UInt8, name: String
    ) throws {
        var wal = based()
        let inside = wal.commit(7, at: 110)
        wal.leak(manager, info: info)
        wal.commit(8, at: 120)
        let plan = try wal.held().plan(time(115))
        #expect(plan.setting == .lsn(inside.start))
        #expect(plan.expectedEnd == inside.end)
        #expect(plan.reason.contains("because \(name) at"))
    }

    @Test func `hands over a position where a transaction was prepared after the target`() throws {
        var wal = based()
        let inside = wal.commit(7, at: 110)
        let prepared = wal.end(.prepare, 8, at: CraftedWAL.time(116))
        wal.commit(9, at: 120)
        let plan = try wal.held().plan(time(115))
        #expect(plan.setting == .lsn(inside.start))
        #expect(plan.reason.contains("prepared after the target"))
        #expect(plan.reason.contains(prepared.start.description))
    }

    @Test func `keeps a transaction prepared by the target, and says that it may be in doubt`() throws {
        var wal = based()
        wal.commit(7, at: 110)
        let prepared = wal.end(.prepare, 8, at: CraftedWAL.time(112))
        wal.end(.abort, 9, at: CraftedWAL.time(120))
        let plan = try wal.held().plan(time(115))
        #expect(plan.lastInside?.kind == .prepare && plan.lastInside?.lsn == prepared.start)
        #expect(plan.firstOutside?.kind == .abort)
        #expect(plan.setting == .time(CraftedWAL.time(115)))
        #expect(plan.hazards.map(\.code) == ["prepared-transactions"])
    }

    @Test func `hands over a position in an idle tail`() throws {
        var wal = based()
        let inside = wal.commit(7, at: 110)
        for target in [time(500), .latest] {
            let plan = try wal.held().plan(target)
            #expect(plan.setting == .lsn(inside.start))
            #expect(plan.firstOutside == nil)
        }
    }

    @Test func `stops at the end of the backup where nothing was committed since`() throws {
        var wal = based()
        for target in [time(500), .latest] {
            let plan = try wal.held().plan(target)
            #expect(plan.setting == .immediate)
            #expect(plan.lastInside == nil)
            #expect(plan.expectedEnd == wal.backups[0].stopLSN)
        }
        wal.leak(.sequence)
        wal.commit(7, at: 110)
        let plan = try wal.held().plan(time(105))
        #expect(plan.setting == .immediate)
        #expect(plan.reason.contains("nothing was committed"))
        #expect(plan.firstOutside?.xid == 7)
    }

    @Test func `stops before the first later commit even if earlier ones stand behind it`() throws {
        var wal = based()
        let inside = wal.commit(7, at: 110)
        let outside = wal.commit(8, at: 120)
        wal.commit(9, at: 112)
        let plan = try wal.held().plan(time(115))
        #expect(plan.lastInside?.lsn == inside.start)
        #expect(plan.expectedEnd == outside.start)
    }

    @Test(arguments: [8, 16, 24, 40, 56])
    func `finds a commit that crosses from one segment into the next`(_ before: Int) throws {
        var wal = based()
        wal.commit(7, at: 110)
        wal.fillSegment(leaving: before)
        let crossing = wal.commit(8, at: 120)
        wal.commit(9, at: 130)
        let boundary = SegmentName(timeline: TimelineID(1), number: 4, size: WALCraft.smallSegment).start
        #expect(crossing.start < boundary)
        let inside = try wal.held().plan(time(125), mode: .lsn)
        #expect(inside.setting == .lsn(crossing.start))
        #expect(inside.expectedEnd == crossing.end)
        let outside = try wal.held().plan(time(115))
        #expect(outside.firstOutside?.lsn == crossing.start && outside.firstOutside?.xid == 8)
    }

    @Test func `does not count a crossing commit whose end is not held`() throws {
        var wal = based()
        let inside = wal.commit(7, at: 110)
        wal.fillSegment(leaving: 24)
        let crossing = wal.end(.commit, 8, at: CraftedWAL.time(120), extra: 2000)
        #expect(crossing.end.distance(from: crossing.start) > 16_384)
        var held = HeldSegments()
        held.backups = wal.backups
        held.latest = CraftedWAL.time(300)
        for (name, bytes) in wal.craft.segments {
            let kept = name.number == 4 ? 8192 : bytes.count
            held.add(name, bytes.prefix(kept) + [UInt8](repeating: 0, count: bytes.count - kept))
        }
        let plan = try held.plan(.latest)
        #expect(plan.setting == .lsn(inside.start))
    }

    @Test func `goes on behind a switch record that crosses into the next segment`() throws {
        var wal = based()
        wal.fillSegment(leaving: 8)
        wal.switchSegment()
        let inside = wal.commit(7, at: 110)
        let outside = wal.commit(8, at: 120)
        #expect(inside.start.rawValue == (5 << 20) + 40)
        let plan = try wal.held().plan(time(115))
        #expect(plan.expectedEnd == outside.start)
        #expect(plan.segments.map(\.number) == [3, 4, 5])
        #expect(try wal.held().plan(time(105)).expectedEnd == LSN(5 << 20))
    }

    @Test func `expects the end before a page's header, not behind it`() throws {
        var wal = based()
        wal.commit(7, at: 110)
        wal.fill(leaving: 0)
        let outside = wal.commit(8, at: 120)
        #expect(outside.start.rawValue % 8192 == 24)
        #expect(try wal.held().plan(time(115)).expectedEnd == LSN(outside.start.rawValue - 24))
        wal.fillSegment(leaving: 0)
        let next = wal.commit(9, at: 130)
        #expect(next.start.rawValue % (1 << 20) == 40)
        let plan = try wal.held().plan(time(125))
        #expect(plan.expectedEnd == LSN(next.start.rawValue - 40))
        #expect(plan.lastInside?.xid == 8)
    }

    @Test func `takes a backup alone up to where it is consistent`() throws {
        var wal = based()
        let start = wal.beginBackup()
        wal.commit(6, at: 105)
        wal.switchSegment()
        wal.endBackup("second", from: start, at: CraftedWAL.time(110))
        wal.commit(7, at: 120)
        let plan = try wal.held().plan(.backup("Second"))
        #expect(plan.setting == .immediate && plan.backupName == "second")
        #expect(plan.requestedTime == nil && plan.target == .backup("second"))
        #expect(plan.expectedEnd == wal.backups[1].stopLSN)
        #expect(plan.segments.map(\.number) == [3, 4])
        #expect(plan.setting.configurationLine == "recovery_target = 'immediate'")
    }

    @Test func `takes the newest backup that had ended, and says why not the others`() throws {
        var wal = based()
        wal.commit(7, at: 110)
        wal.backup("second", at: 150)
        let start = wal.beginBackup()
        wal.endBackup("broken", from: start, at: CraftedWAL.time(160), damage: "a file is short")
        wal.commit(8, at: 170)
        wal.backup("third", at: 200)
        let plan = try wal.held().plan(time(165))
        #expect(plan.backupName == "second")
        #expect(plan.rejected.map(\.name) == ["third", "broken", "base"])
        #expect(plan.rejected[0].reason.contains("after the first record left out"))
        #expect(plan.rejected[1].reason == "damaged: a file is short")
        #expect(plan.rejected[2].reason == "older: more WAL to replay")
        #expect(plan.hazards.map(\.code) == ["damaged-backup"])
    }

    @Test func `takes a backup that ended after the target where nothing was committed in between`() throws {
        var wal = based()
        wal.commit(7, at: 110)
        wal.switchSegment()
        wal.backup("second", at: 150)
        wal.commit(8, at: 170)
        #expect(try wal.held().plan(time(130)).backupName == "second")
        // With a hole before it nobody knows what was committed in between.
        wal.switchSegment()
        let hole = wal.held(missing: [3])
        #expect(try hole.refusal(time(130))?.message.contains("is missing") == true)
        #expect(try hole.plan(time(150)).backupName == "second")
    }

    @Test func `uses an older backup when a newer one's WAL is gone`() throws {
        var wal = based()
        wal.commit(7, at: 110)
        wal.commit(8, at: 120)
        wal.switchSegment()
        let start = wal.beginBackup()
        wal.switchSegment()
        wal.endBackup("second", from: start, at: CraftedWAL.time(150))
        let held = wal.held(missing: [5])
        #expect(try held.plan(time(115)).backupName == "base")
        #expect(try held.refusal(.latest)?.message.contains("000000010000000000000005") == true)
    }

    @Test func `raises the settings to what the source used in the range`() throws {
        var wal = based()
        wal.other {
            $0.parameterChange(
                WALParameters(
                    maxConnections: 300, maxWorkerProcesses: 4, maxWalSenders: 20, maxPreparedTransactions: 9,
                    maxLocksPerTransaction: 32, walLevel: .replica))
        }
        wal.commit(7, at: 110)
        let minima = try wal.held().plan(.latest).minima
        #expect(
            minima
                == ParameterMinima(
                    maxConnections: 300, maxWorkerProcesses: 8, maxWalSenders: 20, maxPreparedTransactions: 9,
                    maxLocksPerTransaction: 64))
    }

    @Test func `allows a tablespace inside the data directory`() throws {
        var wal = based()
        wal.other { $0.createTablespace(at: "") }
        let inside = wal.commit(7, at: 110)
        let plan = try wal.held().plan(.latest)
        #expect(plan.setting == .lsn(inside.start))
        #expect(plan.tablespaces == [] && plan.tablespaceRecords == [])
    }

    @Test func `names the tablespaces of the backup and of the WAL, and blanks all that is staged`() throws {
        var wal = based()
        wal.backups[0].tablespaces = [OrdinaryTablespace(number: 16_399, location: "/srv/old")]
        let first = wal.other { $0.createTablespace(at: "/srv/space") }
        wal.commit(1, at: 110)
        let second = wal.other { $0.createTablespace(at: "/srv/later") }
        wal.commit(2, at: 120)
        let plan = try wal.held().plan(time(115))
        #expect(
            plan.tablespaces.map(\.tablespace.location) == ["/srv/old", "/srv/space"])
        #expect(plan.tablespaces.map(\.createdAt) == [nil, first.start])
        // The second one would be replayed before PostgreSQL sees where to stop: it is handed a position.
        #expect(plan.setting == .lsn(wal.records[3].start))
        #expect(plan.tablespaceRecords == [first.start, second.start])
    }

    @Test func `sees a tablespace whose record crosses from one segment into the next`() throws {
        var wal = based()
        wal.fillSegment(leaving: 24)
        let made = wal.other { $0.createTablespace(at: "/srv/space") }
        wal.commit(1, at: 110)
        let plan = try wal.held().plan(.latest)
        #expect(plan.tablespaceRecords == [made.start])
        #expect(plan.segments.map(\.number) == [3, 4])
    }
}
