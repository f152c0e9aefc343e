import ControlPlane
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// Drills: the restores that were rehearsed.
extension PortalPages {
    func drills(_ server: ServerDetails) throws -> APIResponse {
        let records = try controlPlane.listDrills(
            resourceGroup: server.resourceGroup, server: server.name)
        if let id = visit.request.query["id"] {
            guard let record = records.first(where: { $0.id == id }) else {
                throw Problem(.resourceNotFound, "there is no such drill of \(server.name)")
            }
            let page = try drill(record, server)
            return try exported(page.table, as: "\(server.name)-drill") ?? .page(page)
        }
        return try answer(drillsPage(server), "\(server.name)-drills")
    }

    private func drillsPage(_ server: ServerDetails) throws -> ListPage {
        let records = try controlPlane.listDrills(
            resourceGroup: server.resourceGroup, server: server.name)
        let place = Place.server(group: server.resourceGroup, name: server.name, .drills)
        var page = ListPage(
            place, columns: ["Drill", "Result", "Started (UTC)", "Restore took", "Rungs", "Trend"])
        page.frame = try visit.frame(server, .drills)
        page.listTitle = "Drills that were run"
        let at = "-g \(Shell.word(server.resourceGroup)) -s \(Shell.word(server.name))"
        page.frame.samePitr = ["pitr drill list \(at)"]
        let schedule = try controlPlane.drillSchedule(Self.reference(server))
        page.sentences = [
            "A drill restores a temporary copy, tries it rung by rung, and removes it again. "
                + (schedule.map { "One runs \($0.words)." } ?? "None is scheduled.")
        ]
        page.emptyTitle = "No restore was rehearsed yet"
        page.emptyText = "What was never restored is a hope, and no backup."
        page.emptyCommand = "pitr drill run \(at)\npitr drill schedule \(at) --weekly 'sat 03:00'"
        if visit.may(.restoreServer, server.resourceGroup), server.earliestRestoreDate != nil {
            page.once = MachineSecret.fresh()
            if let words = schedule.flatMap(Self.lostWords) { page.sentences.append(words) }
            page.form = drillForm(schedule, maySchedule: visit.may(.updateServer, server.resourceGroup))
        }
        page.rows = records.map { record in
            [
                .link(record.id, place, query: "?id=\(record.id)", sub: record.target),
                .state(Self.word(record.result)), .exact(PortalWords.time(record.startedAt)),
                .exact(record.restore.map { PortalWords.seconds($0.seconds) } ?? ""), .text(record.tally),
                .text(record.reason ?? record.trend?.words ?? ""),
            ]
        }
        return page
    }

    private func drillForm(_ schedule: DrillSchedule?, maySchedule: Bool) -> ListPage.Form {
        let title = "Rehearse a restore to the latest moment"
        guard maySchedule else { return ListPage.Form(title, [], button: "Run a drill") }
        let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        let chosen = schedule.map { $0.dayOfWeek.map { String(days[$0].prefix(3)).lowercased() } ?? "daily" }
        return ListPage.Form(
            title,
            [
                ListPage.Form.Field(
                    "By itself", "when", form["when"] ?? chosen ?? "",
                    choices: [Choice("", "not"), Choice("daily", "every day")]
                        + days.map { Choice(String($0.prefix(3)).lowercased(), "every \($0)") }),
                ListPage.Form.Field(
                    "at (UTC)", "time", form["time"] ?? schedule?.time ?? "03:00",
                    hint: "Inside the maintenance window, where there is one."),
            ], button: "Run a drill", other: ("schedule", "Save the schedule"))
    }

    /// What goes with a schedule that is ended here, and only the command line brings back; nil where it is
    /// nothing.
    static func lostWords(_ schedule: DrillSchedule) -> String? {
        let (assertions, steps) = (schedule.assertions.count, schedule.steps?.count ?? 0)
        guard assertions + steps > 0 else { return nil }
        let parts = [
            assertions == 0 ? nil : assertions == 1 ? "1 assertion" : "\(assertions) assertions",
            steps == 0 ? nil : steps == 1 ? "1 step" : "\(steps) steps",
        ]
        return "The schedule has \(parts.compactMap(\.self).joined(separator: " and ")) of its own. Another "
            + "time keeps them; to end the schedule deletes them, and only 'pitr drill schedule' gives a "
            + "schedule new ones."
    }

    /// Assertions and steps that a schedule has already stay with it; nobody chooses commands here.
    private func saveSchedule(_ server: ServerDetails) throws -> APIResponse {
        try visit.require(.updateServer, server.resourceGroup)
        let (when, time) = (form["when"] ?? "", form["time"] ?? "")
        do {
            let reference = Self.reference(server)
            var chosen: DrillSchedule?
            if when == "daily" { chosen = try DrillSchedule(daily: time) }
            if !when.isEmpty, when != "daily" { chosen = try DrillSchedule(weekly: "\(when) \(time)") }
            if let earlier = try controlPlane.drillSchedule(reference) {
                chosen?.assertions = earlier.assertions
                chosen?.steps = earlier.steps
                chosen?.database = earlier.database
                chosen?.timeLimit = min(earlier.timeLimit, DrillSchedule.longestTimeLimit)
            }
            try controlPlane.schedule(chosen, for: reference, caller: visit.caller)
            return .seeOther(place(server, .drills))
        } catch {
            return try refused(error) { try drillsPage(server) }
        }
    }

    func runDrill(_ server: ServerDetails) throws -> APIResponse {
        if form["do"] == "schedule" { return try saveSchedule(server) }
        try visit.require(.restoreServer, server.resourceGroup)
        return try visit.accept(form) {
            .drill(
                DrillRequest(
                    RestoreRequest(
                        resourceGroup: server.resourceGroup,
                        sourceServer: ResourceID.server(Self.reference(server)))))
        }
    }

    private static func word(_ result: DrillResult) -> String {
        let word = result.rawValue
        return word.prefix(1).uppercased() + word.dropFirst()
    }

    private func drill(_ record: DrillRecord, _ server: ServerDetails) throws -> ListPage {
        let place = Place.server(group: server.resourceGroup, name: server.name, .drills)
        var page = ListPage(place, columns: ["Rung", "Outcome", "Took", "Found", "Details"])
        page.frame = try visit.frame(server, .drills)
        page.frame.title = "Drill \(record.id)"
        page.frame.way.append(Frame.Link(place))
        page.frame.samePitr = ["pitr drill show --id \(Shell.word(record.id))"]
        page.kept = [("id", record.id)]
        page.sentences = [
            "\(Self.word(record.result)): \(record.target), \(PortalWords.time(record.startedAt)), "
                + (record.isScheduled ? "by the schedule" : "by \(record.caller)") + ". \(record.tally)."
        ]
        if let reason = record.reason { page.frame.notice = Frame.Notice(.bad, reason) }
        page.rows = record.rungs.map { rung in
            [
                .text(rung.name),
                .state(rung.outcome.words.prefix(1).uppercased() + rung.outcome.words.dropFirst()),
                .exact(PortalWords.seconds(rung.seconds)), .text(rung.summary),
                rung.details.isEmpty
                    ? .text("")
                    : .hidden("Details", exact: rung.details.joined(separator: "\n"), of: rung.name),
            ]
        }
        page.sentences += record.notes
        return page
    }
}
