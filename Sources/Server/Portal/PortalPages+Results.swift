import AzureAPI
import ControlPlane
import Notation
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// What came of undos and comparisons: a list on each of their pages, one of them, and its files.
extension PortalPages {
    /// The one that the query names, or a file of it; nil where it names none.
    func result(_ server: ServerDetails, _ part: Place.ServerPlace) throws -> APIResponse? {
        guard let id = visit.request.query["id"] else { return nil }
        let kept = try result(id, of: server)
        guard let file = visit.request.query["file"] else { return .page(try page(kept, server, part)) }
        for group in Self.groups(kept, server) { try visit.require(.readResult, group) }
        return .file(
            file, try controlPlane.resultFile(file, of: kept, atMost: APIResponse.largestFile))
    }

    /// The groups whose tables' content is in a result: a comparison may have been with a server of another
    /// one.
    static func groups(_ kept: KeptResult, _ server: ServerDetails) -> [String] {
        [server.resourceGroup] + [kept.otherResourceGroup].compactMap(\.self)
    }

    func result(_ id: String, of server: ServerDetails) throws -> KeptResult {
        let kept = try controlPlane.showResult(id)
        guard kept.server.lowercased() == ResourceID.server(Self.reference(server)).lowercased() else {
            throw Problem(.resourceNotFound, "there is no such result of \(server.name)")
        }
        return kept
    }

    func deleteResult(_ server: ServerDetails, _ part: Place.ServerPlace) throws -> APIResponse {
        try visit.require(.deleteResult, server.resourceGroup)
        try controlPlane.deleteResult(try result(form["of"] ?? "", of: server).id)
        return .seeOther(place(server, part))
    }

    /// The rows of a list of results.
    func results(_ server: ServerDetails, _ part: Place.ServerPlace) throws -> [[ListPage.Cell]] {
        try controlPlane.listResults(
            resourceGroup: nil, server: ResourceID.server(Self.reference(server))
        ).kept.filter { $0.work.name == part.rawValue }.map { kept in
            [
                .link(
                    kept.subject, place(server, part), query: "?id=\(PercentCoding.encode(kept.id))",
                    sub: kept.id), .exact(PortalWords.time(kept.finishedAt)), .text(kept.summary),
                .text(kept.caller),
            ]
        }
    }

    static let resultColumns = ["Of", "Finished (UTC)", "Result", "Initiated by"]

    /// - Parameter chosen: what is chosen on it so far, of an undo that a script may be made of.
    func page(
        _ kept: KeptResult, _ server: ServerDetails, _ part: Place.ServerPlace,
        _ chosen: ConflictChoices = ConflictChoices()
    ) throws -> ResultPage {
        var page = ResultPage(place(server, part), id: kept.id)
        page.frame = try visit.frame(server, part)
        page.frame.title = "\(part.words): \(kept.subject)"
        page.frame.way.append(Frame.Link(place(server, part)))
        page.frame.samePitr = ["pitr result show -n \(kept.id)"]
        page.facts = [
            Fact("Result", kept.summary), Fact("Finished", PortalWords.time(kept.finishedAt), isExact: true),
            Fact("Initiated by", kept.caller), Fact("Operation", kept.id, place: .deployment(kept.id)),
        ]
        page.sides = kept.sides
        page.leftOut = kept.leftOut
        page.maySeeRows = Self.groups(kept, server).allSatisfy { visit.may(.readResult, $0) }
        // What triggers and PostgreSQL say may have what is in rows.
        page.notes = page.maySeeRows ? kept.notes : []
        page.mayDelete = visit.may(.deleteResult, server.resourceGroup)
        page.tables = kept.tables.map { Self.table($0, withRows: page.maySeeRows) }
        if page.maySeeRows {
            page.files = kept.files.map { ($0.name, ByteText.of($0.bytes)) }
            page.frame.samePitr.append("pitr result export -n \(kept.id) \(kept.work.name).tar")
        }
        if case .undo(let request) = kept.work { try fill(&page, kept, request, server, chosen) }
        return page
    }

    /// What only an undo has: its script with the proof, or, of a preview, the way to one.
    private func fill(
        _ page: inout ResultPage, _ kept: KeptResult, _ request: UndoRequest, _ server: ServerDetails,
        _ chosen: ConflictChoices
    ) throws {
        page.facts.append(Fact("Rows in conflict", String(kept.conflictRows), isExact: true))
        if !request.isPreview {
            page.facts.append(Fact("Rows that the script writes", String(kept.writtenRows), isExact: true))
            page.proof = kept.summary
        }
        guard kept.serverID == server.id else {
            page.facts.append(Fact("Script", "None from here: \(Self.otherServer(kept))."))
            return
        }
        guard request.isPreview else {
            if kept.proof == "stopped" { try fillForm(&page, kept, request, server, chosen) }
            guard page.maySeeRows, kept.hasScript, kept.proof != "stopped" else { return }
            let database = kept.tables.first?.database ?? "postgres"
            page.command = [
                "pitr result export -n \(kept.id) --only repair.sql repair.sql",
                Shell.line(["pitr", "connect", "-g", server.resourceGroup, "-n", server.name, "-d", database])
                    + " -- -X -f repair.sql",
            ].joined(separator: "\n")
            return
        }
        try fillForm(&page, kept, request, server, chosen)
    }

    private func fillForm(
        _ page: inout ResultPage, _ kept: KeptResult, _ request: UndoRequest, _ server: ServerDetails,
        _ chosen: ConflictChoices
    ) throws {
        guard visit.may(.undo, server.resourceGroup), !kept.tables.isEmpty else { return }
        guard kept.wantedAgain(request) != nil else {
            page.facts.append(Fact("Script", "Make the preview again: \(Self.unknownTransactions)."))
            return
        }
        var form = ResultPage.Form()
        form.once = MachineSecret.fresh()
        form.rules = Self.conflictRules
        form.rule = chosen.rule.rawValue
        form.hasConflicts = kept.conflictRows > 0
        form.decisions = Self.rowDecisions
        form.tableRules = Self.tableRules
        form.decidedBesides = kept.decidedBesides ?? 0
        let shown = page.maySeeRows ? kept.tables.flatMap(\.rows).count(where: \.isConflict) : 0
        form.conflictsBesides = kept.conflictRows - shown
        form.decisionCommand = Self.decisionCommand(kept, request, server)
        if !page.maySeeRows {
            form.decidedBesides += kept.tables.flatMap(\.rows).count { $0.decision != nil }
        }
        page.form = form
        guard page.maySeeRows else { return }
        let unforced = kept.unforcedRecords
        for (table, shown) in kept.tables.enumerated() {
            page.tables[table].isTicked = !chosen.unticked.contains(table)
            page.tables[table].rows = shown.rows.map { Self.row($0, chosen, unforced: unforced) }
        }
        if form.conflictsBesides > 0, let conflicts = try controlPlane.conflicts(of: kept) {
            fillParts(&page, kept, conflicts, chosen)
        }
    }

    /// The command that takes back the same transactions by a file of decisions; empty where there are so
    /// many that nobody would paste it.
    private static func decisionCommand(
        _ kept: KeptResult, _ request: UndoRequest, _ server: ServerDetails
    ) -> String {
        // One that cannot be read is told when the script is asked for.
        guard case .each(let all)? = try? kept.shown?.kept(), !all.isEmpty, all.count <= 50 else { return "" }
        var words = ["pitr", "undo", "-g", server.resourceGroup, "-s", server.name]
        for one in all { words += ["--xid", "\(one.xid)"] }
        for table in request.tables { words += ["--table", table] }
        if let database = request.database { words += ["-d", database] }
        if let condition = request.condition { words += ["--where", condition] }
        return Shell.line(words + ["--decisions", "conflicts.csv"])
    }

    static let conflictRules = [
        Choice("stop", "stop: the script does nothing while there are any"),
        Choice("skip", "skip: leave these rows as they are"),
        Choice("before", "before: give them their old values, whatever was written since"),
        Choice("now", "now: keep the cells in conflict, repair the others of the row"),
    ]

    private static func table(_ table: KeptResult.Table, withRows: Bool) -> ResultPage.Table {
        var shown = ResultPage.Table()
        shown.name = table.name
        shown.database = table.database
        shown.remark = withRows ? table.remark : ""
        shown.counts = table.counts.map { Fact($0.words, String($0.rows), isExact: true) }
        shown.rowCount = table.counts.reduce(0) { $0 + $1.rows }
        guard withRows else { return shown }
        shown.rows = table.rows.map(Self.row)
        return shown
    }

    static func row(_ row: KeptResult.Row) -> ResultPage.Row {
        var line = ResultPage.Row()
        line.key = row.key
        line.outcome = row.outcome
        line.isConflict = row.isConflict
        line.remark = row.remark
        line.cells = row.cells.map { ($0.column, $0.values) }
        return line
    }
}
