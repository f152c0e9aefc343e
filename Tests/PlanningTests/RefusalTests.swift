import Planning
import PostgresFormat
import TestKit
import Testing

/// One test for every reason why a restore cannot be: what is said, why, and what to do next.
struct RefusalTests {
    private func time(_ seconds: Int64) -> RecoveryTarget { .time(CraftedWAL.time(seconds)) }

    private func expect(
        _ refusal: Refusal?, _ message: String, detail: String?, hint: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(refusal?.message == message, sourceLocation: sourceLocation)
        #expect(refusal?.detail == detail, sourceLocation: sourceLocation)
        #expect(refusal?.hint == hint, sourceLocation: sourceLocation)
    }

    /// Two backups, at 100 s and 200 s, a segment each, with a commit every 10 s in segments of their own.
    private func twoBackups() -> CraftedWAL {
        var wal = CraftedWAL()
        wal.backup("first", at: 100)
        for second: Int64 in [110, 120, 130] {
            wal.switchSegment()
            wal.commit(UInt32(second), at: second)
        }
        wal.switchSegment()
        wal.backup("second", at: 200)
        wal.commit(210, at: 210)
        wal.commit(220, at: 220)
        return wal
    }

    @Test func `says that there is no backup yet`() throws {
        var wal = CraftedWAL()
        wal.commit(1, at: 10)
        for target in [time(10), .latest] {
            let refusal = try wal.held().refusal(target)
            #expect(refusal == .noBackup(server: "orders", damaged: []))
            expect(
                refusal, "server 'orders' has no complete base backup yet", detail: nil,
                hint: "Wait for the first backup to finish, or take one with 'pitr backup create'.")
        }
    }

    @Test func `says that every backup is damaged`() throws {
        var wal = CraftedWAL()
        let start = wal.beginBackup()
        wal.endBackup("broken", from: start, at: CraftedWAL.time(1), damage: "PG_VERSION is missing")
        expect(
            try wal.held().refusal(.latest), "every base backup of server 'orders' is damaged",
            detail: "broken: PG_VERSION is missing",
            hint: "Take a new one with 'pitr backup create'; the server can be restored from then on.")
    }

    @Test func `refuses a target older than every backup`() throws {
        expect(
            try twoBackups().held(latest: CraftedWAL.time(220)).refusal(time(50)),
            "restore time \(CraftedWAL.time(50)) is before the earliest restore point",
            detail: "restorable from \(CraftedWAL.time(100)) to \(CraftedWAL.time(220))",
            hint: "Choose a time inside these bounds.")
    }

    @Test func `refuses a target between the start and the end of the first backup`() throws {
        let target = CraftedWAL.time(99).advanced(byMicroseconds: 500_000)
        expect(
            try twoBackups().held(latest: CraftedWAL.time(220)).refusal(.time(target)),
            "restore time \(target) lies between the start and the end of base backup 'first'",
            detail: "restorable from \(CraftedWAL.time(100)) to \(CraftedWAL.time(220))",
            hint: "A backup can only be used from its end on; choose a later time.")
    }

    @Test func `refuses a target after what is proved complete`() throws {
        expect(
            try twoBackups().held(latest: CraftedWAL.time(220)).refusal(time(221)),
            "restore time \(CraftedWAL.time(221)) is after the last instant that is proved complete",
            detail: "restorable from \(CraftedWAL.time(100)) to \(CraftedWAL.time(220))",
            hint: "Choose a time inside these bounds.")
        var held = twoBackups().held()
        held.latest = nil
        #expect(
            try held.refusal(time(150))?.detail == "restorable from \(CraftedWAL.time(100)) to (unknown)")
    }

    @Test func `names the backups that there are for one that is not`() throws {
        expect(
            try twoBackups().held().refusal(.backup("third")), "there is no backup named 'third'",
            detail: "known: first, second", hint: "List them with 'pitr backup list'.")
        expect(
            try CraftedWAL().held().refusal(.backup("x")), "there is no backup named 'x'",
            detail: "there are no backups", hint: "List them with 'pitr backup list'.")
    }

    @Test func `refuses a damaged backup that was asked for by name`() throws {
        var wal = twoBackups()
        wal.backups[1].damage = "base/5/1259 has another checksum"
        expect(
            try wal.held().refusal(.backup("SECOND")), "backup 'second' is damaged",
            detail: "base/5/1259 has another checksum",
            hint: "Restore by time instead, so that another backup can be chosen.")
    }

    @Test func `refuses when a clock that was set back leaves no backup before the state`() throws {
        var wal = CraftedWAL()
        wal.commit(1, at: 500)
        wal.backup("late", at: 100)
        wal.commit(2, at: 120)
        let refusal = try wal.held().refusal(time(110))
        expect(
            refusal, "no base backup ends before the state at \(CraftedWAL.time(110))",
            detail:
                "late: ends at \(wal.backups[0].stopLSN), after the first record left out "
                + "(\(wal.records[0].start))",
            hint: "Choose a later time; the clock of the source may have been set back here.")
    }

    @Test func `tells the missing segment and what can be reached on both sides of it`() throws {
        let held = twoBackups().held(missing: [5])
        let segment = try #require(
            SegmentName(fileName: "000000010000000000000005", size: WALCraft.smallSegment))
        let refusal = try held.refusal(time(125))
        #expect(
            refusal
                == .missingSegment(
                    segment, lastBefore: CraftedWAL.time(110), reachableFrom: CraftedWAL.time(200)))
        expect(
            refusal, "WAL segment 000000010000000000000005 is missing from the archive",
            detail: "every time before \(CraftedWAL.time(110)) is reachable, and again from "
                + "\(CraftedWAL.time(200))",
            hint: "Choose a time on either side of the gap, or put the segment back into the archive.")
        #expect(try held.plan(time(109)).backupName == "first")
        #expect(try held.plan(time(200)).backupName == "second")
    }

    @Test func `tells that nothing is reachable around a segment that every backup needs`() throws {
        var wal = CraftedWAL()
        let start = wal.beginBackup()
        wal.switchSegment()
        wal.endBackup("only", from: start, at: CraftedWAL.time(100))
        wal.commit(1, at: 110)
        expect(
            try wal.held(missing: [3]).refusal(.latest),
            "WAL segment 000000010000000000000003 is missing from the archive",
            detail:
                "nothing before it is reachable, and nothing after it until a newer backup is taken",
            hint: "Choose a time on either side of the gap, or put the segment back into the archive.")
        #expect(try wal.held(missing: [3]).refusal(.backup("only"))?.message.contains("missing") == true)
    }

    @Test func `tells the damaged segment, its flaw and what can be reached`() throws {
        let held = twoBackups().held(damaged: [5, 6])
        expect(
            try held.refusal(time(125)), "WAL segment 000000010000000000000005 is damaged",
            detail:
                "its checksum is wrong; every time before \(CraftedWAL.time(110)) is reachable, and again "
                + "from \(CraftedWAL.time(200))",
            hint: "Choose a time on either side of the gap, or put the segment back into the archive.")
    }

    @Test func `reaches what stands in front of damage inside a segment, and nothing behind it`() throws {
        var wal = CraftedWAL()
        wal.backup("first", at: 100)
        wal.fillSegment(leaving: 3000)
        wal.switchSegment()
        wal.commit(5, at: 110)
        let last = wal.commit(6, at: 120)
        let bad = wal.commit(7, at: 130)
        wal.commit(8, at: 140)
        wal.switchSegment()
        wal.commit(9, at: 150)
        var held = HeldSegments()
        held.backups = wal.backups
        held.latest = CraftedWAL.time(119)
        for (name, bytes) in wal.craft.segments {
            var bytes = bytes
            if name.start <= bad.start, bad.start < name.end {
                bytes[Int(bad.start.distance(from: name.start)) + 30] ^= 1
                held.damaged.append(
                    DamagedSegment(name: name, reason: "its checksum is wrong", position: bad.start))
            }
            held.add(name, bytes)
        }
        #expect(try held.plan(time(115)).lastInside?.xid == 5)
        #expect(
            try held.plan(.transaction(TransactionNumber(6), exclusive: false)).expectedEnd == last.end)
        let before = try held.plan(.position(bad.start, exclusive: true))
        #expect(before.setting == .lsn(last.start))
        for target: RecoveryTarget in [
            .latest, time(120), time(145), time(155), .transaction(TransactionNumber(7), exclusive: false),
            .transaction(TransactionNumber(8), exclusive: false), .restorePoint("none"),
            .position(bad.start, exclusive: false), .position(bad.end, exclusive: true),
            .position(wal.craft.records.last?.start ?? .max, exclusive: false),
        ] {
            let refusal = try held.refusal(target)
            guard case .damagedSegment? = refusal else {
                Issue.record("\(target): \(String(describing: refusal))")
                continue
            }
            let planner = RestorePlanner(inventory: held.inventory, source: held)
            let nearest = try planner.nearest(to: #require(refusal), now: CraftedWAL.time(200))
            #expect(nearest.before == .position(last.start, exclusive: false))
        }
    }

    @Test func `tells how far a segment can be read that ends too early`() throws {
        let wal = twoBackups()
        var held = HeldSegments()
        held.backups = wal.backups
        held.latest = CraftedWAL.time(220)
        for (name, bytes) in wal.craft.segments {
            held.add(name, name.number == 4 ? Array(bytes.prefix(8192)) : bytes)
        }
        let refusal = try held.refusal(time(115))
        #expect(refusal?.message == "WAL segment 000000010000000000000004 is damaged")
        #expect(refusal?.detail?.hasPrefix("readable up to 0/") == true)
        #expect(refusal?.detail?.contains("then the file is too short; ") == true)
    }

    @Test func `refuses a range that was written under minimal logging`() throws {
        var wal = CraftedWAL()
        wal.backup("base", at: 100)
        wal.commit(1, at: 110)
        let minimal = wal.other { $0.parameterChange(parameters(.minimal)) }
        wal.commit(2, at: 120)
        wal.commit(3, at: 130)
        expect(
            try wal.held().refusal(time(125)),
            "part of the WAL to replay was written under wal_level=minimal (from \(minimal.start) on)",
            detail: "every time before \(CraftedWAL.time(110)) is reachable, "
                + "and nothing after it until a newer backup is taken",
            hint: "Choose a time before it, or one after the next base backup.")
        #expect(try wal.held().plan(time(115)).setting == .lsn(wal.records[2].start))
        let ended = wal.other { $0.parameterChange(parameters(.replica)) }
        wal.commit(4, at: 140)
        wal.switchSegment()
        wal.backup("next", at: 150)
        #expect(
            try wal.held().refusal(time(135))
                == .minimalLogging(
                    from: minimal.start, until: ended.start, lastBefore: CraftedWAL.time(110),
                    reachableFrom: CraftedWAL.time(150)))
        #expect(try wal.held().plan(time(150)).backupName == "next")
    }

    @Test func `sees minimal logging whose record crosses from one segment into the next`() throws {
        var wal = CraftedWAL()
        wal.backup("base", at: 100)
        wal.fillSegment(leaving: 24)
        let minimal = wal.other { $0.parameterChange(parameters(.minimal)) }
        wal.commit(2, at: 120)
        #expect(
            minimal.start < SegmentName(timeline: TimelineID(1), number: 4, size: WALCraft.smallSegment).start
        )
        #expect(
            try wal.held().refusal(.latest)
                == .minimalLogging(
                    from: minimal.start, until: nil, lastBefore: nil, reachableFrom: nil))
    }

    @Test func `refuses a time as the setting where PostgreSQL would not stop there`() throws {
        var wal = CraftedWAL()
        wal.backup("base", at: 100)
        wal.commit(1, at: 110)
        let sequence = wal.leak(.sequence)
        wal.commit(2, at: 120)
        let hint = "Leave --target-mode at auto, or use lsn."
        let message = "PostgreSQL would not stop exactly there with recovery_target_time"
        expect(
            try wal.held().refusal(time(115), mode: .time), message,
            detail:
                "a sequence's change at \(sequence.start) would be replayed although it belongs to what is "
                + "left out", hint: hint)
        expect(
            try wal.held().refusal(time(130), mode: .time), message,
            detail: "no commit or abort after it is in the WAL, and PostgreSQL would fail at the WAL's end",
            hint: hint)
        expect(
            try wal.held().refusal(.latest, mode: .time), message,
            detail: "the latest moment is a position in the WAL, not a time", hint: hint)
    }

    private func parameters(_ level: WALLevel) -> WALParameters {
        WALParameters(
            maxConnections: 100, maxWorkerProcesses: 8, maxWalSenders: 10, maxPreparedTransactions: 0,
            maxLocksPerTransaction: 64, walLevel: level)
    }
}
