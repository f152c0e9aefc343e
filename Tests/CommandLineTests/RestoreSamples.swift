import ServiceModel
import ServiceSamples
import Planning
import PostgresFormat

extension BoundaryRecord {
    static let inside = BoundaryRecord(
        kind: .commit, lsn: LSN(0x3000150), endLSN: LSN(0x3000178), xid: 745, time: instant(-1))
    static let outside = BoundaryRecord(
        kind: .commit, lsn: LSN(0x3000400), endLSN: LSN(0x3000428), xid: 746, time: instant(1))
}

extension PlannedRestore {
    static var sample: PlannedRestore {
        let segments = (2...3).map { SegmentName(timeline: TimelineID(1), number: UInt64($0)) }
        var plan = RestorePlan(
            requestedTime: instant(), target: .time(instant()), backupName: "backup_1",
            backupStart: LSN(0x2000028), backupStop: LSN(0x2000100), backupCompleted: instant(-3600),
            rejected: [RejectedBackup(name: "backup_2", reason: "it ends after the cut")],
            timeline: TimelineID(1), segments: segments, walBytes: 0x1000150, lastInside: .inside,
            firstOutside: .outside, setting: .lsn(LSN(0x3000150)), reason: "a sequence is changed next",
            expectedEnd: LSN(0x3000178),
            minima: ParameterMinima(
                maxConnections: 50, maxWorkerProcesses: 8, maxWalSenders: 10, maxPreparedTransactions: 0,
                maxLocksPerTransaction: 64),
            hazards: [Hazard(code: "prepared", message: "one prepared transaction stays in doubt")],
            dataBytes: 24 << 20)
        plan.inDoubt = [PreparedTransaction(xid: 744, name: "order", lsn: LSN(0x3000100), time: instant(-1))]
        plan.walLevels = [WALLevelBand(from: LSN(0x2000028), level: .replica)]
        var planned = PlannedRestore(
            plan: plan, source: .full, notes: ["the time has no zone and is taken as UTC"],
            availableBytes: 10 << 30, estimatedSeconds: 2.4)
        planned.localTime = "2026-04-01 00:02:13.876954+02:00 (Europe/Paris)"
        planned.collations = [
            CollationVersion(
                provider: "libc", recorded: "2.36", here: "2.36", databases: ["postgres", "shop"])
        ]
        return planned
    }
}

extension RestoreResult {
    static var sample: RestoreResult {
        let evidence = RestoreEvidence(
            operationID: "op", correlationID: "co", sourceServer: "orders", sourceServerID: "5f0c3a1e",
            newServer: "orders-restored", newServerID: "77aa", requestedTime: "2026-03-31 22:02:13",
            effectiveTimeUTC: instant(), lastCommitInside: .inside, firstExcluded: .outside,
            baseBackup: "backup_1", walStart: LSN(0x2000028), walEnd: LSN(0x3000178), walSegments: 2,
            timelineBefore: TimelineID(1), timelineAfter: TimelineID(2),
            handedToPostgres: "recovery_target_lsn = '0/3000150'", postgresReason: "after LSN 0/3000150",
            checks: ["replay ended at 0/3000178"], preparedTransactionsInDoubt: [],
            steps: [RestoreEvidence.Step(name: "recover", seconds: 0.25)], totalSeconds: 1.5,
            startedAt: instant(10), finishedAt: instant(12))
        var server = ServerDetails.fresh
        server.name = "orders-restored"
        return RestoreResult(
            server: server, evidence: evidence,
            followUp: ["pitr firewall-rule create -s orders-restored -n here --start-ip-address 127.0.0.1"],
            notes: [])
    }
}
