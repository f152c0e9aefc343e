import ControlPlane
import Foundation
import Notation
import Planning
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// Restore: Basics, Review + create, and on to the deployment.
extension PortalPages {
    /// Hours after which a copy can be chosen to be deleted.
    private static let expiries = ["1", "24", "168"]

    func restorePage(_ source: ServerDetails, _ filled: RestoreForm? = nil) throws -> RestorePage {
        try visit.require(.restoreServer, source.resourceGroup)
        let reference = ServerReference(resourceGroup: source.resourceGroup, name: source.name)
        let now = controlPlane.now
        var page = RestorePage()
        page.frame = try visit.frame(source, .restore)
        page.frame.menu = []
        page.frame.samePitr = [
            "pitr restore -g \(Shell.word(source.resourceGroup)) --source-server "
                + "\(Shell.word(source.name)) -n <copy>"
        ]
        page.frame.sameAz = [
            "az postgres flexible-server restore -g \(Shell.word(source.resourceGroup)) "
                + "--source-server \(Shell.word(source.name)) -n <copy>"
        ]
        page.sourceGroup = source.resourceGroup
        page.source = source.name
        page.opened = PortalWords.time(now)
        if let earliest = source.earliestRestoreDate {
            page.earliest = PortalWords.time(earliest)
            page.days = PortalWords.calendar(from: earliest, to: now)
        } else {
            page.frame.notice = Frame.Notice(
                .attention, "There is nothing to restore from yet",
                ["The first backup of this server has not ended."])
        }
        page.backups = try controlPlane.listBackups(reference).reversed().map {
            Choice($0.name, "\(PortalWords.time($0.completedTime)), \($0.backupType), \($0.name)")
        }
        page.groups = try controlPlane.listGroups().filter { visit.may(.restoreServer, $0.name) }.map {
            Choice($0.name)
        }
        page.version = source.version
        page.location = source.location
        page.zone = source.availabilityZone ?? ""
        page.compute = PortalWords.compute(source)
        page.retentionDays = source.backupRetentionDays
        page.isGeoRedundant = source.geoRedundantBackup
        page.form = try filled ?? blank(source, at: now)
        return page
    }

    private func blank(_ source: ServerDetails, at now: PostgresTimestamp) throws -> RestoreForm {
        var form = RestoreForm()
        form.group = source.resourceGroup
        if let backup = visit.request.query["backup"] {
            form.moment = .fast
            form.backup = backup
        }
        form.name = try freeName(SuggestedName.before(on: source.name))
        (form.date, form.time) = Self.clock(now)
        // From the timeline.
        if let text = visit.request.query["before"], let lsn = LSN(text) {
            form.moment = .event
            form.before = "\(lsn)"
        } else if let instant = PortalWords.instant(visit.request.query["at"]), instant <= now,
            let earliest = source.earliestRestoreDate
        {
            let (date, time) = Self.clock(instant)
            form.moment = .custom
            if PortalWords.calendar(from: earliest, to: now).canBeChosen(date) {
                (form.date, form.time) = (date, time)
            } else {
                // It stays the moment that was meant, also where the plan will refuse it.
                form.words = "\(date)T\(time)Z"
            }
        }
        return form
    }

    /// The name, or with a number behind it if it is taken.
    func freeName(_ name: String) throws -> String {
        for number in 1...20 {
            let candidate = number == 1 ? name : "\(name.prefix(60))-\(number)"
            if try controlPlane.refusal(ofName: candidate) == nil { return candidate }
        }
        return name
    }

    // MARK: The form

    func restore(_ source: ServerDetails) throws -> APIResponse {
        try visit.require(.restoreServer, source.resourceGroup)
        let typed = restoreForm()
        if form["step"] == "basics" { return try .page(restorePage(source, typed)) }
        // The name is taken by what the same form has begun.
        if form["step"] == "create", let begun = visit.begun(form) { return begun }
        do {
            let request = try request(typed, source)
            let planned = try controlPlane.planRestore(request)
            let review = try reviewPage(planned, request, typed, source)
            guard form["step"] == "create" else { return .page(review) }
            // What was shown is what is run; the latest moment is that of Create.
            if typed.moment != .latest, form["cut"] != review.cut {
                var again = review
                again.frame.notice = Frame.Notice(
                    .attention, "The plan is another one now", ["Look at it again before you create it."])
                return .page(again)
            }
            return try visit.accept(form) { .restore(request) }
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500, problem.code != .authorizationFailed else { throw problem }
            var page = try restorePage(source, typed)
            page.frame.notice = Frame.Notice(problem)
            return .page(page, status: problem.code.httpStatus)
        }
    }

    private func restoreForm() -> RestoreForm {
        func field(_ name: String) -> String {
            (form[name] ?? "").trimmingCharacters(in: .whitespaces)
        }
        var typed = RestoreForm()
        typed.group = field("group")
        typed.name = field("name")
        typed.moment = RestoreForm.Moment(rawValue: field("moment")) ?? .latest
        typed.date = field("date")
        typed.time = field("time")
        typed.words = field("words")
        typed.backup = field("backup")
        typed.before = field("before")
        typed.expiry = field("expiry")
        typed.opensHere = field("here") == "yes"
        return typed
    }

    private func request(_ typed: RestoreForm, _ source: ServerDetails) throws -> RestoreRequest {
        try visit.require(.restoreServer, typed.group)
        var request = RestoreRequest(
            resourceGroup: typed.group,
            sourceServer: ResourceID.server(
                resourceGroup: source.resourceGroup, name: source.name),
            target: try target(typed))
        request.name = typed.name.lowercased()
        if typed.opensHere { request.allowedAddresses = ["127.0.0.1"] }
        if Self.expiries.contains(typed.expiry), let hours = Int64(typed.expiry) {
            request.expiry = .after(seconds: hours * 3600)
        }
        return request
    }

    private func target(_ typed: RestoreForm) throws -> RequestedTarget {
        switch typed.moment {
        case .latest: return .latest(asOf: nil)
        case .fast: return .backup(typed.backup)
        case .event:
            guard let lsn = LSN(typed.before) else {
                throw Problem(
                    .invalidParameterValue, "'\(typed.before)' is no position in the WAL",
                    hint: "Choose the event on the timeline.")
            }
            return .position(lsn, exclusive: true)
        case .custom:
            guard !typed.words.isEmpty || !typed.date.isEmpty else {
                throw Problem(
                    .invalidParameterValue, "no day is chosen",
                    hint: "Choose a day of the calendar, or say the moment in words.")
            }
            let now = controlPlane.now
            let text = typed.words.isEmpty ? "\(typed.date)T\(typed.time)Z" : typed.words
            let time = try RequestedTime(text, now: now)
            try Self.requirePast(time.instant, now: now)
            return .time(time)
        }
    }

    static func requirePast(_ instant: PostgresTimestamp, now: PostgresTimestamp) throws(Problem) {
        guard instant <= now else {
            throw Problem(
                .restoreTimeTooLate, "the restore point is still to come",
                detail: "\(PortalWords.time(instant)); now it is \(PortalWords.time(now))",
                hint: "Choose an earlier time, or the latest restore point.")
        }
    }

    // MARK: The plan

    private func reviewPage(
        _ planned: PlannedRestore, _ request: RestoreRequest, _ typed: RestoreForm, _ source: ServerDetails
    ) throws -> ReviewPage {
        let plan = planned.plan
        var page = ReviewPage()
        page.frame = try visit.frame(source, .restore)
        page.frame.menu = []
        (page.frame.samePitr, page.frame.sameAz) = Self.commands(request, typed, source, planned)
        page.sourceGroup = source.resourceGroup
        page.source = source.name
        page.form = Self.settled(typed, plan.requestedTime)
        page.once = MachineSecret.fresh()
        page.cut = "\(plan.expectedEnd) \(plan.firstOutside.map { "\($0.lsn)" } ?? "")"
        page.wanted =
            switch typed.moment {
            case .latest: "The latest restore point: the moment of Create"
            case .custom: "The state at \(plan.requestedTime.map(PortalWords.time) ?? typed.words)"
            case .fast: "Backup \(typed.backup) alone"
            case .event: "Just before the event at \(typed.before)"
            }
        page.lastInside =
            plan.lastInside.map(PortalWords.boundary) ?? "nothing was committed since the backup's end"
        page.firstOutside =
            plan.firstOutside.map(PortalWords.boundary) ?? "none: the available WAL ends before another"
        page.firstOutsideDid = planned.firstOutsideDid
        let last = "Last \(plan.lastInside?.kind.noun ?? "commit"), in UTC"
        page.moment = [
            Fact(
                plan.requestedTime == nil ? last : "In UTC",
                (plan.requestedTime ?? plan.lastInside?.time).map(PortalWords.time) ?? "",
                isExact: true), Fact("Local time", planned.localTime ?? "", isExact: true),
            Fact("LSN", "\(plan.expectedEnd)", isExact: true),
        ]
        page.details = Self.details(planned, request)
        page.cost = [
            Fact("Data", ByteText.of(plan.dataBytes)),
            Fact(
                "Disk needed",
                "\(ByteText.of(plan.estimatedBytes)); \(ByteText.of(planned.availableBytes)) "
                    + "are free"),
            Fact("Time", "about \(PortalWords.seconds(planned.estimatedSeconds)); it depends on the disk"),
        ]
        page.work = Self.work(plan)
        page.worthKnowing = planned.notes + plan.hazards.map(\.message)
        return page
    }

    /// What the plan was made for, as Create gets it: '10 minutes ago' would be another moment by then.
    static func settled(_ typed: RestoreForm, _ time: PostgresTimestamp?) -> RestoreForm {
        guard typed.moment == .custom, let time else { return typed }
        var form = typed
        form.words = ""
        (form.date, form.time) = clock(time)
        return form
    }

    /// The day and the time of day, in UTC.
    private static func clock(_ time: PostgresTimestamp) -> (date: String, time: String) {
        let words = time.description.dropLast().split(separator: "T")
        return (words.first.map(String.init) ?? "", words.last.map(String.init) ?? "")
    }

    private static func details(_ planned: PlannedRestore, _ request: RestoreRequest) -> [Fact] {
        let source = planned.source
        return [
            Fact("Subscription", "Local"), Fact("Resource group", request.resourceGroup),
            Fact("Name", request.name ?? ""), Fact("Location", source.location),
            Fact("PostgreSQL version", source.version),
            Fact("Compute + storage", PortalWords.compute(source)),
            Fact("Backup retention period (in days)", String(source.backupRetentionDays)),
            Fact("Administrator login", "\(source.administratorLogin), with the password of that moment"),
            Fact(
                "Firewall rules",
                request.allowedAddresses.isEmpty ? "None" : request.allowedAddresses.joined(separator: ", ")),
        ]
    }

    private static func work(_ plan: RestorePlan) -> [Fact] {
        [
            Fact("Base backup", plan.backupName, isExact: true),
            Fact("Completed", PortalWords.time(plan.backupCompleted), isExact: true),
            Fact(
                "WAL to replay",
                "\(plan.backupStart) to \(plan.expectedEnd), \(ByteText.of(plan.walBytes)) in "
                    + "\(plan.segments.count) \(plan.segments.count == 1 ? "segment" : "segments")"),
            Fact("Timeline", "\(plan.timeline); the copy begins \(plan.newTimeline)"),
            Fact("Handed to PostgreSQL", plan.setting.words, isExact: true), Fact("Why", plan.reason),
        ]
    }

    private static func commands(
        _ request: RestoreRequest, _ typed: RestoreForm, _ source: ServerDetails, _ planned: PlannedRestore
    ) -> (pitr: [String], az: [String]) {
        let name = request.name ?? ""
        let from =
            request.resourceGroup.lowercased() == source.resourceGroup.lowercased()
            ? source.name : request.sourceServer
        var pitr = ["-g", request.resourceGroup, "-n", name, "--source-server", from]
        var az = pitr
        switch typed.moment {
        case .latest: break
        case .custom:
            guard let time = planned.plan.requestedTime else { break }
            pitr += ["--restore-time", time.description]
            az += ["--restore-time", time.description]
        case .fast:
            pitr += ["--backup", typed.backup]
            az = []
        case .event:
            pitr += ["--lsn", typed.before, "--exclusive"]
            az = []
        }
        if !typed.expiry.isEmpty { pitr += ["--expires", "\(typed.expiry)h"] }
        for address in request.allowedAddresses { pitr += ["--allow", address] }
        return (
            [Shell.line(["pitr", "restore"] + pitr)],
            az.isEmpty ? [] : [Shell.line(["az", "postgres", "flexible-server", "restore"] + az)]
        )
    }
}
