import Catalog
import Instance
import Planning
import Platform
import PostgresFormat
import ServiceModel

/// A drill at work: rung by rung, whatever the one before came to.
struct DrillRun {
    /// What came of one rung.
    struct Finding {
        var outcome: DrillRung.Outcome
        var summary: String
        var details: [String] = []
    }

    let plane: ControlPlane
    let request: DrillRequest
    let source: ServerRow
    let steps: (any DrillSteps)?
    private(set) var record: DrillRecord
    /// Of the copy's administrator: nobody but this drill knows it.
    let password = "Drill-" + Identifiers.fresh() + Identifiers.fresh()
    /// Whether there has been a copy.
    private var isRestored = false

    init(
        _ plane: ControlPlane, _ request: DrillRequest, _ source: ServerRow, _ record: DrillRecord,
        _ steps: (any DrillSteps)?
    ) {
        self.plane = plane
        self.request = request
        self.source = source
        self.record = record
        self.steps = steps
    }

    /// Tries everything, removes the copy and judges. What went wrong is in the record; nothing is thrown.
    mutating func carryOut(_ announce: (PlannedRestore) -> Void) -> DrillRecord {
        var calledOff: Problem?
        do {
            if let (evidence, copy) = try restore(announce) {
                keep(evidence, copy)
                RestoreFaults.reached("drill: ladder")
                try climb(DrillChecks(plane: plane, copy: copy, request: request, password: password))
                RestoreFaults.reached("drill: steps")
                try runSteps(copy)
            } else {
                passOver()
            }
        } catch {
            calledOff = ControlPlane.problem(from: error)
        }
        cleanUp()
        judge(calledOff)
        return record
    }

    // MARK: Rungs

    /// Throws `.canceled` only: whatever else a rung meets is what it found.
    private mutating func rung(
        _ kind: DrillRung.Kind, name: String? = nil, isAsked: Bool = false, _ body: () throws -> Finding
    ) throws(Problem) {
        let watch = Stopwatch()
        let finding: Finding
        do {
            try plane.cancellation.check()
            finding = try body()
        } catch {
            let problem = ControlPlane.problem(from: error)
            if problem.code == .canceled { throw problem }
            finding = Finding(
                outcome: .failed, summary: problem.message,
                details: [problem.detail, problem.hint].compactMap(\.self))
        }
        record.rungs.append(
            DrillRung(
                kind, name: name, finding.outcome, isAsked: isAsked, seconds: watch.seconds, finding.summary,
                details: DrillText.cut(finding.details)))
    }

    private mutating func restore(
        _ announce: (PlannedRestore) -> Void
    ) throws(Problem) -> (RestoreEvidence, ServerRow)? {
        var asked = request.restore
        asked.name = record.copy
        asked.resourceGroup = source.resourceGroup
        asked.adminPassword = password
        asked.allowedAddresses = ["127.0.0.1"]
        asked.geoRedundantBackup = false
        asked.isTransient = true
        asked.tags = [ControlPlane.drillTag: record.id]
        var evidence: RestoreEvidence?
        var copy: ServerRow?
        var notes: [String] = []
        let plane = plane
        let source = source
        let name = record.copy
        defer { isRestored = evidence != nil }
        try rung(.open, isAsked: true) {
            let result = try plane.restore(asked, from: source, kind: .restore, announce: announce)
            evidence = result.evidence
            notes = result.evidence.remarks ?? []
            copy = try plane.drillCopy(named: name, operation: result.evidence.operationID)
            guard copy != nil else {
                return Finding(outcome: .failed, summary: "the copy was restored, and cannot be found")
            }
            return Finding(
                outcome: .passed,
                summary: "restored and open after \(DrillText.seconds(result.evidence.totalSeconds))",
                details: result.evidence.checks)
        }
        record.notes += notes
        guard let evidence, let copy else { return nil }
        return (evidence, copy)
    }

    private mutating func keep(_ evidence: RestoreEvidence, _ copy: ServerRow) {
        let moment = evidence.effectiveTimeUTC ?? (evidence.requestedTarget == nil ? record.startedAt : nil)
        let last = evidence.lastCommitInside?.time
        let behind = moment.flatMap { moment in
            last.map { max(0, Double(moment.unixMicroseconds - $0.unixMicroseconds) / 1_000_000) }
        }
        // Its backup may have expired meanwhile.
        let completed = try? plane.backupTime(evidence.baseBackup, of: source)
        record.restore = DrillRecord.Restore(
            operationID: evidence.operationID, backup: evidence.baseBackup,
            backupCompletedAt: completed,
            walStart: evidence.walStart, walEnd: evidence.walEnd, walSegments: evidence.walSegments,
            lastCommitInside: last, secondsBehind: behind, steps: evidence.steps,
            seconds: evidence.totalSeconds, dataBytes: TreeSize.bytes(below: plane.instancePaths(copy).data),
            postgresVersion: copy.postgresVersion)
    }

    private mutating func climb(_ checks: DrillChecks) throws(Problem) {
        try rung(.checksums) { try checks.pages() }
        try rung(.amcheck) { try checks.indexes() }
        var databases: [DrillDatabase] = []
        try rung(.rows) {
            databases = try checks.contents()
            let tables = databases.reduce(0) { $0 + $1.tables.count }
            let rows = databases.reduce(0) { $0 + $1.tables.reduce(0) { $0 + $1.rows } }
            return Finding(outcome: .passed, summary: "\(rows) rows in \(tables) tables were read")
        }
        record.databases = databases
        try rung(.references) { try checks.references() }
        for assertion in request.assertions {
            try rung(.assertion, name: assertion.name, isAsked: true) { try checks.assert(assertion) }
        }
        // One that cannot be read is none to compare with.
        let earlier = try? plane.drills.records(of: source.id)
            .first { $0.id != record.id && !$0.databases.isEmpty }
        try rung(.comparison) { Self.compare(databases, earlier) }
    }

    private static func compare(_ databases: [DrillDatabase], _ earlier: DrillRecord?) -> Finding {
        guard let earlier else {
            return Finding(outcome: .notRun, summary: "there is no earlier drill of this server")
        }
        guard !databases.isEmpty else {
            return Finding(outcome: .notRun, summary: "what the copy holds could not be read")
        }
        let changes = DrillComparison(databases, before: earlier.databases).changes
        let than = "than in drill \(earlier.id) of \(earlier.startedAt.wholeSeconds)"
        return Finding(
            outcome: .passed,
            summary: changes.isEmpty
                ? "nothing is other \(than)" : "\(changes.count) things are other \(than)",
            details: changes)
    }

    private mutating func runSteps(_ copy: ServerRow) throws(Problem) {
        guard let steps else { return }
        let target = DrillStepTarget(
            host: copy.host, port: copy.port, login: copy.administratorLogin, database: request.database,
            password: password, rootCertificate: plane.authorityFile, copy: copy.name,
            timeLimit: request.timeLimit)
        let limit = request.timeLimit
        let password = password
        for (number, name) in steps.names.enumerated() {
            try rung(.step, name: name, isAsked: true) {
                let end = try steps.run(number, target)
                let lines = Self.hiding(password, in: end.output).split(separator: "\n").map(String.init)
                let omitted =
                    end.omittedBytes > 0 ? ["(\(end.omittedBytes) bytes of output are left out)"] : []
                return Finding(
                    outcome: end.exitStatus == 0 && !end.isTimedOut ? .passed : .failed,
                    summary: end.isTimedOut
                        ? "it was ended after \(DrillText.seconds(limit))"
                        : "exit status \(end.exitStatus)",
                    details: lines + omitted)
            }
        }
    }

    /// What is kept of a step's output: a program that prints its environment must not keep the password.
    static func hiding(_ password: String, in output: String) -> String {
        // By bytes: what follows a password may make another character of its end.
        let bytes = Array(output.utf8).replacing(Array(password.utf8), with: Array("********".utf8))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// There is no copy to try anything on.
    private mutating func passOver() {
        let why = "there is no copy"
        for kind in [DrillRung.Kind.checksums, .amcheck, .rows, .references] {
            record.rungs.append(DrillRung(kind, .notRun, why))
        }
        record.rungs += request.assertions.map {
            DrillRung(.assertion, name: $0.name, .notRun, isAsked: true, why)
        }
        record.rungs.append(DrillRung(.comparison, .notRun, why))
        record.rungs += (steps?.names ?? []).map { DrillRung(.step, name: $0, .notRun, isAsked: true, why) }
    }

    // MARK: The end

    /// Also when the drill was called off: the flag that says so must not keep the copy.
    private mutating func cleanUp() {
        RestoreFaults.reached("drill: clean up")
        let watch = Stopwatch()
        var finding = Finding(outcome: .passed, summary: "the copy is gone")
        do {
            if let copy = try plane.drillCopy(of: record) {
                if request.keepsCopy, !plane.cancellation.isCancelled {
                    _ = try plane.backUpInBackground(copy)
                    finding.summary =
                        "the copy stays as \(copy.name); its login has a new password, which 'pitr update' sets"
                } else {
                    try plane.removeDrillCopy(copy)
                }
            } else if isRestored {
                finding = Finding(
                    outcome: .failed, summary: "the copy that was restored cannot be found",
                    details: ["its name was \(record.copy)"])
            } else {
                finding.summary = "there is no copy"
            }
        } catch {
            let problem = ControlPlane.problem(from: error)
            finding = Finding(
                outcome: .failed, summary: problem.message,
                details: [problem.detail, problem.hint].compactMap(\.self))
        }
        record.rungs.append(
            DrillRung(
                .cleanUp, finding.outcome, seconds: watch.seconds, finding.summary, details: finding.details))
    }

    private mutating func judge(_ calledOff: Problem?) {
        record.finishedAt = plane.clock.now()
        if let calledOff {
            record.result = .abandoned
            record.reason = calledOff.code == .canceled ? "it was called off" : calledOff.message
            return
        }
        let spoiling = record.rungs.filter(\.spoils)
        record.result = spoiling.isEmpty ? .passed : .failed
        record.reason = spoiling.first.map { first in
            let more = spoiling.count > 1 ? ", and \(spoiling.count - 1) more" : ""
            return "\(first.name) \(first.outcome.words): \(first.summary)\(more)"
        }
        if let seconds = record.restore?.seconds {
            // A record that cannot be read has no say in the trend.
            let earlier = (try? plane.drills.records(of: source.id)) ?? []
            record.trend = DrillTrend.judge(
                seconds, earlier: earlier.filter { $0.id != record.id }.compactMap { $0.restore?.seconds })
        }
    }
}
