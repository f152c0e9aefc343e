import ControlPlane
import Foundation
import Notation
import Planning
import Platform
import Portal
import PostgresFormat
import ServiceModel
import WALEvents

/// Timeline: what happened, and what a restore to the handle would give.
extension PortalPages {
    /// What is looked at where nothing else was asked for: events are read by window, never all of them.
    private static let usualView: Int64 = 86_400 * 1_000_000
    private static let bars = 120
    /// A view of so many microseconds would have twenty bars of a minute each: it and shorter ones get finer
    /// ones.
    private static let longestFineView: Int64 = 1200 * 1_000_000

    func timeline(_ server: ServerDetails) throws -> APIResponse {
        if visit.request.query["part"] == "cut" {
            let cut = try chosen(server)
            return APIResponse(
                status: 200, headers: [("Content-Type", "text/html; charset=utf-8")],
                body: Array(cut.document.utf8))
        }
        let page = try timelinePage(server)
        return try exported(page.rows, as: "\(server.name)-timeline") ?? .page(page)
    }

    private func timelinePage(_ server: ServerDetails) throws -> TimelinePage {
        let now = controlPlane.now
        let window = server.earliestRestoreDate.map { earliest in
            (from: earliest, to: max(earliest, server.latestRestoreDate ?? now))
        }
        let view = view(window ?? (now, now))
        var page = TimelinePage(view: Span(Self.moment(view.from), Self.moment(view.to)))
        page.frame = try visit.frame(server, .timeline)
        page.group = server.resourceGroup
        page.name = server.name
        page.mayUndo = visit.may(.undo, server.resourceGroup)
        page.selection = TimelinePage.Selection(rawValue: visit.request.query["show"] ?? "") ?? .all
        page.find = String((visit.request.query["find"] ?? "").prefix(200))
        page.minimumRows = String((visit.request.query["rows"] ?? "").prefix(12))
        page.zone = LocalTime.zoneHere ?? ""
        page.offsets = LocalTime.offsetsHere(from: view.from, to: view.to).map {
            ($0.from.unixMicroseconds, $0.seconds)
        }
        page.cut = try chosen(server)
        var words = ["pitr", "timeline", "-g", server.resourceGroup, "-s", server.name]
        if window != nil { words += ["--from", "\(view.from)", "--to", "\(view.to)"] }
        page.frame.samePitr = [Shell.line(words)]
        guard let window else { return page }
        page.window = Span(Self.moment(window.from), Self.moment(window.to))
        let (from, to) = (view.from.unixMicroseconds, view.to.unixMicroseconds)
        page.step = TimeAxis.step(from: from, to: to)
        page.marks = TimeAxis.marks(from: from, to: to).map {
            Self.moment(PostgresTimestamp(unixMicroseconds: $0))
        }
        page.copies = try copies(of: server)
        do {
            try fill(&page, server, from: view.from, to: view.to)
        } catch {
            let problem = ControlPlane.problem(from: error)
            // An export without rows would say that there are none.
            guard problem.code.httpStatus < 500, visit.request.query["format"] == nil else { throw problem }
            page.frame.notice = Frame.Notice(problem)
        }
        return page
    }

    static func moment(_ time: PostgresTimestamp) -> Moment {
        Moment(
            time.unixMicroseconds, utc: String(time.sqlText.dropLast(3)),
            here: PortalWords.clock(time))
    }

    /// What is looked at: as asked for, within the window; else its last day.
    private func view(_ window: (from: PostgresTimestamp, to: PostgresTimestamp))
        -> (from: PostgresTimestamp, to: PostgresTimestamp)
    {
        func asked(_ name: String) -> Int64? {
            PortalWords.instant(visit.request.query[name])?.unixMicroseconds
        }
        let (first, last) = (window.from.unixMicroseconds, window.to.unixMicroseconds)
        var to = min(max(asked("to") ?? last, first), last)
        var from = min(max(asked("from") ?? max(first, to - Self.usualView), first), to)
        // Room enough for an axis, also where the window has only just begun.
        if to - from < 20 { (from, to) = (max(first, to - 20), max(first, to - 20) + 20) }
        return (PostgresTimestamp(unixMicroseconds: from), PostgresTimestamp(unixMicroseconds: to))
    }

    /// Copies of this server by the moment they were made to.
    private func copies(of server: ServerDetails) throws -> [TimelinePage.Mark] {
        try controlPlane.copies(of: server.id).compactMap { copy, origin in
            guard visit.identity.scope.covers(group: copy.resourceGroup) else { return nil }
            return origin.restoreTimeUTC.map {
                TimelinePage.Mark(
                    Self.moment($0), copy.name,
                    place: .server(group: copy.resourceGroup, name: copy.name, .overview))
            }
        }
    }

    // MARK: What happened

    private func fill(
        _ page: inout TimelinePage, _ server: ServerDetails, from: PostgresTimestamp, to: PostgresTimestamp
    ) throws {
        let sought = try Sought(page.find)
        var query = EventQuery(from: from, to: to, table: sought.table)
        if !page.minimumRows.isEmpty {
            guard let rows = Int64(page.minimumRows), rows > 0 else {
                throw Problem(.invalidParameterValue, "the number of rows is not a whole number above zero")
            }
            query.leastRows = rows
        } else if sought.isOfAnySize {
            query.leastRows = 1
        }
        query.commitParts = Self.commitParts(from: from, to: to)
        let history = try controlPlane.history(
            of: ResourceID.server(resourceGroup: server.resourceGroup, name: server.name),
            resourceGroup: server.resourceGroup, query, known: server)
        let sound = history.backups.filter { $0.damage == nil }
        page.backups = sound.map { TimelinePage.Mark(Self.moment($0.stopTime), $0.name) }
        page.gaps = Self.gaps(history, latest: to)
        page.commits =
            history.happened.commitParts?.counts
            ?? Self.density(history.happened.activity, from: from, to: to)
        page.notes = Self.leftOut(history.happened, least: query.minimumRows)
        page.notes += history.happened.notes + page.gaps.map(\.words)
        let wanted = history.happened.events.filter { event in
            (event.action != .checkpoint || page.selection == .server) && sought.fits(event)
                && (page.selection == .all || page.selection.rawValue == Self.kind(event).rawValue)
        }
        for event in wanted {
            if let time = event.time {
                page.deedTimes[Self.kind(event), default: []].append(time.unixMicroseconds)
            }
        }
        let listed = Self.weightiest(wanted, TimelinePage.mostEvents)
        page.eventsLeftOut = wanted.count - listed.count
        page.events = listed.map { event in
            Self.event(event, isRestorable: sound.contains { $0.stopLSN <= event.boundary })
        }
        let mayBeSmall = page.selection == .all || page.selection == .rows
        let knows = Self.knowsSmallChanges(history.happened, isAsked: !page.minimumRows.isEmpty)
        page.isComplete = page.gaps.isEmpty && (knows || !mayBeSmall)
    }

    /// What is looked for among events: a statement, a table, or a transaction's number.
    private struct Sought {
        var pattern: EventPattern?
        var table: ObjectPattern?
        var xid: UInt32?

        init(_ text: String) throws {
            let text = text.trimmingCharacters(in: .whitespaces)
            guard !text.isEmpty else { return }
            if let number = UInt32(text) {
                xid = number
            } else if let pattern = try? EventPattern(text) {
                // What is no statement is the name of a table.
                self.pattern = pattern
            } else {
                do {
                    table = try ObjectPattern(text)
                } catch {
                    throw Problem(
                        .invalidParameterValue, "'\(text)' is neither a table nor a statement",
                        detail: "\(error)",
                        hint: "For example: orders, public.orders in database shop, drop table orders.")
                }
            }
        }

        /// One transaction's rows, or those of a statement, are looked for however few they are.
        var isOfAnySize: Bool {
            xid != nil || pattern.map { !$0.actions.isDisjoint(with: [.insert, .update, .delete]) } ?? false
        }

        func fits(_ event: WALEvent) -> Bool {
            if let xid { return event.xid.rawValue == xid }
            return pattern.map { $0.matches(event) } ?? true
        }
    }

    private static func kind(_ event: WALEvent) -> TimelinePage.Event.Kind {
        switch event.action {
        case .drop, .truncate: .drop
        case .insert, .update, .delete: .rows
        case .create, .alter: .definition
        case .restorePoint: .point
        case .parameterChange, .timelineEnd, .checkpoint: .server
        }
    }

    /// As many as fit: what takes away first, then what was named, then the largest changes; of equals the
    /// latest.
    static func weightiest(_ events: [WALEvent], _ most: Int) -> [WALEvent] {
        guard events.count > most else { return events }
        func weight(_ event: WALEvent) -> (Int, Int64) {
            switch kind(event) {
            case .drop: (4, 0)
            case .point: (3, 0)
            case .server: (2, 0)
            case .rows: (1, event.rows ?? 0)
            case .definition: (0, 0)
            }
        }
        let weighed = events.enumerated().map { (weight($0.element), $0.offset) }
        let kept = weighed.sorted { one, other in
            (other.0.0, other.0.1, other.1) < (one.0.0, one.0.1, one.1)
        }.prefix(most).map(\.1)
        return kept.sorted().map { events[$0] }
    }

    private static func event(_ event: WALEvent, isRestorable: Bool) -> TimelinePage.Event {
        var line = TimelinePage.Event()
        line.moment = event.time.map(moment)
        line.kind = kind(event)
        line.words = event.description
        line.xid = event.xid.isNormal ? "\(event.xid)" : ""
        line.lsn = "\(event.boundary)"
        line.isRestorable = isRestorable
        return line
    }

    static func gaps(_ history: ServerHistory, latest: PostgresTimestamp) -> [TimelinePage.Gap] {
        let sound = history.backups.filter { $0.damage == nil }
        return history.happened.gaps.map { gap($0, sound, latest: history.latest ?? latest) }
    }

    /// From the last thing before it to the end of the next backup: nothing between them can be restored.
    private static func gap(
        _ gap: EventHistory.Gap, _ backups: [InventoryBackup], latest: PostgresTimestamp
    ) -> TimelinePage.Gap {
        let next = backups.filter { $0.startLSN >= gap.last.start }.map(\.stopTime).min() ?? latest
        let begin = gap.after ?? gap.before ?? next
        let range = gap.count == 1 ? "\(gap.first)" : "\(gap.first) to \(gap.last)"
        return TimelinePage.Gap(
            from: min(begin, next).unixMicroseconds, to: max(begin, next).unixMicroseconds,
            "WAL is missing or damaged: \(range). Nothing between \(PortalWords.time(min(begin, next))) and "
                + "\(PortalWords.time(max(begin, next))) can be restored.")
    }

    /// What is finer than minutes, where these would be a few coarse bars; nil where they will do.
    static func commitParts(from: PostgresTimestamp, to: PostgresTimestamp) -> CommitParts? {
        let length = to.microseconds - from.microseconds
        guard length > 0, length <= longestFineView else { return nil }
        return CommitParts(from: from, to: to, count: Int(min(Int64(bars), length)))
    }

    static func density(
        _ minutes: [EventHistory.Minute], from: PostgresTimestamp, to: PostgresTimestamp
    ) -> [Int] {
        let length = max(1, to.microseconds - from.microseconds)
        // A minute is the finest that is known without looking at each commit.
        let count = max(1, min(bars, Int(length / 60_000_000)))
        var parts = [Int](repeating: 0, count: count)
        for minute in minutes {
            let middle = minute.start.microseconds + 30_000_000 - from.microseconds
            guard middle > -30_000_000, middle < length + 30_000_000 else { continue }
            parts[min(max(Int(Double(middle) / Double(length) * Double(count)), 0), count - 1)] +=
                minute.commits
        }
        return parts
    }

    // MARK: The handle

    /// The moment that is asked for, and the plan of a restore to it. A refusal is a part of the page.
    private func chosen(_ server: ServerDetails) throws -> TimelineCut {
        var cut = TimelineCut()
        cut.group = server.resourceGroup
        cut.name = server.name
        cut.mayRestore = visit.may(.restoreServer, server.resourceGroup)
        cut.isInUTC = visit.request.query["zone"] != "local"
        let text = (visit.request.query["at"] ?? "").trimmingCharacters(in: .whitespaces)
        cut.typed = String(text.prefix(100))
        do {
            let target: RequestedTarget
            if let instant = PortalWords.instant(text) {
                cut.moment = Self.moment(instant)
                cut.typed = cut.moment?.utc ?? ""
                cut.isInUTC = true
            } else if !text.isEmpty {
                let time = try typedTime(text, &cut)
                cut.moment = Self.moment(time.instant)
            }
            let typed = TimelineCut.shown(text, isInUTC: visit.request.query["zone"] != "local")
            // An event that was chosen stays only as long as its moment is not typed over.
            let isUnchanged = visit.request.query["shown"].map { $0 == typed } ?? true
            if isUnchanged, let before = visit.request.query["before"], let lsn = LSN(before) {
                cut.before = "\(lsn)"
                target = .position(lsn, exclusive: true)
            } else if let moment = cut.moment {
                let instant = PostgresTimestamp(unixMicroseconds: moment.microseconds)
                try Self.requirePast(instant, now: controlPlane.now)
                target = .time(RequestedTime(instant, typed: moment.utc + "Z"))
            } else {
                return cut
            }
            var request = RestoreRequest(
                resourceGroup: server.resourceGroup,
                sourceServer: ResourceID.server(resourceGroup: server.resourceGroup, name: server.name),
                target: target)
            let planned = try controlPlane.planRestore(request, known: server)
            request.name = SuggestedName.before(on: server.name)
            add(planned, request, to: &cut)
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500, problem.code != .canceled else { throw problem }
            cut.problem = Frame.Notice(problem)
        }
        return cut
    }

    /// What was typed, in the zone that is chosen unless it names one. An hour that the clock shows twice
    /// comes back with both readings.
    private func typedTime(_ text: String, _ cut: inout TimelineCut) throws -> RequestedTime {
        guard !cut.isInUTC, let zone = LocalTime.zoneHere, RequestedTime.namesNoZone(text) else {
            return try RequestedTime(text, now: controlPlane.now)
        }
        do {
            return try RequestedTime("\(text) \(zone)", now: controlPlane.now)
        } catch {
            if let local = try? RequestedTime(text + "Z", now: controlPlane.now) {
                // Where these words are no instant in UTC either, the refusal says all.
                cut.readings = LocalTime.instantsHere(local.instant).map(Self.moment)
            }
            throw error
        }
    }

    private func add(_ planned: PlannedRestore, _ request: RestoreRequest, to cut: inout TimelineCut) {
        let plan = planned.plan
        cut.lastInside =
            plan.lastInside.map(PortalWords.boundary) ?? "nothing was committed since the backup's end"
        cut.firstOutside =
            plan.firstOutside.map(PortalWords.boundary) ?? "none: the available WAL ends before another"
        cut.firstOutsideDid = Array(planned.firstOutsideDid.prefix(8))
        if planned.firstOutsideDid.count > 8 {
            cut.firstOutsideDid.append("and \(planned.firstOutsideDid.count - 8) more")
        }
        if cut.moment == nil {
            cut.moment = (plan.firstOutside ?? plan.lastInside).map { Self.moment($0.time) }
        }
        if let moment = cut.moment {
            cut.facts.append(Fact("In UTC", moment.utc, isExact: true))
            if !moment.here.isEmpty {
                cut.facts.append(Fact(LocalTime.zoneHere ?? "Here", moment.here, isExact: true))
            }
        }
        cut.facts += [
            Fact("LSN", "\(plan.expectedEnd)", isExact: true),
            Fact("Base backup", plan.backupName, isExact: true),
            Fact(
                "WAL to replay",
                "\(ByteText.of(plan.walBytes)) in \(plan.segments.count) "
                    + (plan.segments.count == 1 ? "segment" : "segments")),
            Fact(
                "Takes",
                "about \(PortalWords.seconds(planned.estimatedSeconds)), "
                    + ByteText.of(plan.estimatedBytes)),
        ]
        cut.notes = planned.notes + plan.hazards.map(\.message)
        var words = ["pitr", "restore", "-g", request.resourceGroup, "-n", request.name ?? ""]
        words += ["--source-server", planned.source.name]
        words +=
            cut.before.isEmpty
            ? ["--restore-time", plan.requestedTime?.description ?? ""]
            : ["--lsn", cut.before, "--exclusive"]
        cut.command = Shell.line(words)
    }
}
