import ControlPlane
import Notation
import Planning
import Platform
import Portal
import PostgresFormat
import ServiceModel
import WALEvents

/// Undo: what transactions did to rows, judged, and the script that takes it back.
extension PortalPages {
    func undo(_ server: ServerDetails) throws -> APIResponse {
        if let result = try result(server, .undo) { return result }
        return try answer(undoPage(server), "\(server.name)-undo")
    }

    private func undoPage(_ server: ServerDetails) throws -> ListPage {
        var page = ListPage(place(server, .undo), columns: Self.resultColumns)
        page.frame = try visit.frame(server, .undo)
        page.listTitle = "Results"
        let xid = form["xid"] ?? visit.request.query["xid"] ?? ""
        page.frame.samePitr = [
            Shell.line(["pitr", "undo", "-g", server.resourceGroup, "-s", server.name, "--preview"])
                + (xid.isEmpty ? " --event 'update orders'" : " --xid \(Shell.word(xid))")
        ]
        page.sentences = [
            "Rows are read in temporary copies: just before the transaction, just after it, and now. The "
                + "server itself is not written: out comes a script, proved on a copy, that you run."
        ]
        page.emptyTitle = "Nothing was taken back yet"
        page.emptyText = "Find what happened on the timeline, or name it above."
        if visit.may(.undo, server.resourceGroup), server.earliestRestoreDate != nil {
            page.once = MachineSecret.fresh()
            page.form = undoForm(xid)
        }
        try fill(&page) { try results(server, .undo) }
        return page
    }

    private func undoForm(_ xid: String) -> ListPage.Form {
        func field(_ label: String, _ name: String, hint: String = "") -> ListPage.Form.Field {
            ListPage.Form.Field(label, name, form[name] ?? "", hint: hint)
        }
        return ListPage.Form(
            "Take transactions back",
            [
                ListPage.Form.Field(
                    "Transaction", "xid", xid, hint: "Its number; several with blanks between them."),
                field("or what it did", "event", hint: "update orders, delete from public.orders"),
                ListPage.Form.Field(
                    "where several did so", "which", form["which"] ?? "latest", choices: Self.occurrences),
                field("or committed after", "from", hint: "2026-11-29 04:37:12 UTC, or 2 hours ago"),
                field("and up to", "to"),
                field("Database", "database", hint: "Where rows of several were changed."),
                field("Only rows where", "where", hint: "SQL, of rows as they were before: id < 100"),
                ListPage.Form.Field(
                    "Rows in conflict", "conflicts", form["conflicts"] ?? "stop",
                    hint: "Of the script; a preview only shows them.", choices: Self.conflictRules),
            ], button: "Preview", other: ("create", "Write the script"))
    }

    private static let occurrences = [Choice("latest", "the latest"), Choice("every", "every one of them")]

    func beginUndo(_ server: ServerDetails) throws -> APIResponse {
        if form["do"] == "delete" { return try deleteResult(server, .undo) }
        try visit.require(.undo, server.resourceGroup)
        if form["do"] == "script" { return try beginScript(server) }
        do {
            let request = try undoRequest(server)
            return try visit.accept(form) { .undo(request) }
        } catch {
            return try refused(error) { try undoPage(server) }
        }
    }

    private func undoRequest(_ server: ServerDetails) throws -> UndoRequest {
        var request = UndoRequest(
            resourceGroup: server.resourceGroup, sourceServer: ResourceID.server(Self.reference(server)),
            wanted: try wanted())
        request.database = given("database")
        request.condition = given("where")
        request.conflicts = ConflictRule(rawValue: form["conflicts"] ?? "") ?? .stop
        request.isPreview = form["do"] != "create"
        return request
    }

    /// The script of a preview, or another page of its rows in conflict; where it is refused, the page that
    /// was sent with all that is chosen there.
    private func beginScript(_ server: ServerDetails) throws -> APIResponse {
        let kept = try result(form["of"] ?? "", of: server)
        let chosen = try ConflictChoices(form, tables: kept.tables.count)
        if chosen.isOnTheWay { return .page(try page(kept, server, .undo, chosen)) }
        do {
            let request = try scriptRequest(kept, chosen, server)
            return try visit.accept(form) { .undo(request) }
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500, problem.code != .authorizationFailed else { throw problem }
            var page = try page(kept, server, .undo, chosen)
            page.frame.notice = Frame.Notice(problem)
            return .page(page, status: problem.code.httpStatus)
        }
    }

    /// What a preview was of, with the tables that are ticked.
    private func scriptRequest(
        _ kept: KeptResult, _ chosen: ConflictChoices, _ server: ServerDetails
    ) throws -> UndoRequest {
        guard case .undo(var request) = kept.work else {
            throw Problem(.usage, "a comparison has nothing to take back")
        }
        guard kept.serverID == server.id else {
            throw Problem(.usage, Self.otherServer(kept), hint: "Make the preview again.")
        }
        let places = kept.tables.indices.filter { !chosen.unticked.contains($0) }
        let ticked = places.map { kept.tables[$0] }
        guard !ticked.isEmpty else {
            throw Problem(.usage, "no table is ticked", hint: "Tick the tables that are to be taken back.")
        }
        request.resourceGroup = server.resourceGroup
        guard let wanted = kept.wantedAgain(request) else {
            throw Problem(.usage, Self.unknownTransactions, hint: "Make the preview again.")
        }
        request.wanted = wanted
        if ticked.count < kept.tables.count { request.tables = ticked.map(\.name) }
        request.database = ticked[0].database
        request.conflicts = chosen.rule
        let names = Set(ticked.map(\.name))
        let earlier = (request.decisions ?? []).filter { names.contains($0.table) }
        request.decisions = try decisions(kept, places, earlier, chosen, server)
        request.isPreview = false
        return request
    }

    /// Of a preview.
    static let unknownTransactions =
        "the preview is of an earlier version and did not keep which transactions it showed"

    /// Names are given again: the rows of one server are no other's.
    static func otherServer(_ kept: KeptResult) -> String {
        "this is of an earlier server of that name, with the id \(kept.serverID)"
    }

    func given(_ name: String) -> String? {
        let text = form[name] ?? ""
        return text.allSatisfy(\.isWhitespace) ? nil : text
    }

    private func wanted() throws -> UndoRequest.Wanted {
        let (xid, event, from, to) = (given("xid"), given("event"), given("from"), given("to"))
        guard [xid != nil, event != nil, from != nil || to != nil].count(where: \.self) == 1 else {
            throw Problem(
                .usage, "say once what is to be taken back",
                hint: "Fill in a transaction, what it did, or both times: one of the three.")
        }
        if let event {
            return form["which"] == "every"
                ? .everyEvent(try RequestedEvent(event, EventChoice(.only)))
                : .event(try RequestedEvent(event, EventChoice(.latest)))
        }
        guard let xid else {
            guard let from, let to else {
                throw Problem(.usage, "one of the two times is missing", hint: "Give both, or none.")
            }
            let now = controlPlane.now
            return .window(from: try RequestedTime(from, now: now), to: try RequestedTime(to, now: now))
        }
        return .transactions(
            try xid.split(whereSeparator: { $0.isWhitespace || $0 == "," }).map { word in
                guard let number = TransactionNumber(String(word)) else {
                    throw Problem(
                        .usage, "'\(word.prefix(40))' is no number of a transaction",
                        hint: "The timeline shows the numbers.")
                }
                return number
            })
    }
}
