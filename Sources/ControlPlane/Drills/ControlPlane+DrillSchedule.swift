import Catalog
import Platform
import PostgresFormat
public import ServiceModel

/// Drills that nobody has to think of.
extension ControlPlane {
    public func drillSchedule(_ server: ServerReference) throws -> DrillSchedule? {
        try find(server).drillSchedule
    }

    /// Has a server's restore rehearsed by `maintain` and by the daemon; nil ends that.
    ///
    /// Throws `.operationNotSupported` for a time outside the server's maintenance window, and
    /// `.invalidParameterValue` for a limit of more than an hour.
    ///
    /// - Parameter caller: who asks for it; nil is this control plane's own.
    public func schedule(
        _ schedule: DrillSchedule?, for server: ServerReference, caller: Caller? = nil
    ) throws {
        let caller = caller ?? self.caller
        let row = try findComplete(server)
        if let schedule, !(schedule.timeLimit <= DrillSchedule.longestTimeLimit) {
            throw Problem(
                .invalidParameterValue,
                "an assertion or a step of a scheduled drill has an hour at most, not "
                    + "\(schedule.timeLimit) seconds",
                hint: "Maintenance waits for it. 'pitr drill run' takes longer limits.")
        }
        if let schedule, let window = row.maintenanceWindow, !schedule.fits(window, at: clock.now()) {
            throw Problem(
                .operationNotSupported,
                "\(schedule.words) lies outside the maintenance window of server '\(row.name)'",
                detail: "it opens \(window.description), for an hour; daily work begins at that time of day",
                hint: "Choose a time inside it, or another window with 'pitr update -n \(row.name) "
                    + "--maintenance-window'.")
        }
        var chosen = schedule
        chosen?.chosenAt = clock.now()
        chosen?.chosenBy = caller.name
        let lock = try lockServer(row, .shared)
        defer { lock.release() }
        _ = try perform(
            .update, server: row, properties: ["drills": schedule?.words ?? "off"], caller: caller, for: nil
        ) { _ in
            try update(row.id) { [chosen] in $0.drillSchedule = chosen }
        }
    }

    /// As part of maintenance: a drill whose time has come. One that fails is a failed action.
    func drillIfDue(_ row: ServerRow, now: PostgresTimestamp, dryRun: Bool) throws -> [MaintenanceAction] {
        guard let schedule = row.drillSchedule else { return [] }
        let known = try drills.records(of: row.id)
        guard schedule.isDue(last: known.first(where: \.isScheduled)?.startedAt, at: now),
            !known.contains(where: { $0.result == .running })
        else { return [] }
        return [
            act(row.name, "drill", row.name, schedule.words, dryRun: dryRun) {
                var request = DrillRequest(
                    RestoreRequest(resourceGroup: row.resourceGroup, sourceServer: row.id))
                request.assertions = schedule.assertions
                request.database = schedule.database
                // One of an earlier version may have a longer limit.
                request.timeLimit = min(schedule.timeLimit, DrillSchedule.longestTimeLimit)
                request.isScheduled = true
                let steps = try scheduledSteps(schedule)
                defer { steps?.close() }
                let record = try runDrill(request, steps: steps)
                if let failure = record.failure {
                    throw Problem(failure.code, "\(failure.message): \(record.reason ?? "")")
                }
            }
        ]
    }

    private func scheduledSteps(_ schedule: DrillSchedule) throws -> (any DrillSteps)? {
        guard let commands = schedule.steps, !commands.isEmpty else { return nil }
        guard let stepsMaker else {
            throw Problem(
                .operationNotSupported, "steps are not run by this process",
                hint: "'pitr serve' and 'pitr maintain' run them.")
        }
        return try stepsMaker(commands)
    }

    /// A schedule after which nothing was rehearsed for two of its periods.
    func overdueDrill(_ row: ServerRow, last: PostgresTimestamp?) throws -> DoctorFinding? {
        guard let schedule = row.drillSchedule,
            let since = [last, schedule.chosenAt].compactMap(\.self).max(),
            since.advanced(bySeconds: 2 * schedule.period) < clock.now()
        else { return nil }
        return DoctorFinding(
            level: .problem, subject: "drill of \(row.name)",
            message: "\(schedule.words), and none has been run since \(since.wholeSeconds)",
            remedy: "Keep 'pitr serve' running, or call 'pitr maintain' by a timer.")
    }
}
