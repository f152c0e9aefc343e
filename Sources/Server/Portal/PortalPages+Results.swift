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
    private static func groups(_ kept: KeptResult, _ server: ServerDetails) -> [String] {
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

    private func page(_ kept: KeptResult, _ server: ServerDetails, _ part: Place.ServerPlace) throws
        -> ResultPage
    {
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
        if case .undo(let request) = kept.work { fill(&page, kept, request, server) }
        return page
    }

    /// What only an undo has: its script with the proof, or, of a preview, the way to one.
    private func fill(
        _ page: inout ResultPage, _ kept: KeptResult, _ request: UndoRequest, _ server: ServerDetails
    ) {
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
            if kept.proof == "stopped" { fillForm(&page, kept, request, server) }
            guard page.maySeeRows, kept.hasScript, kept.proof != "stopped" else { return }
            let database = kept.tables.first?.database ?? "postgres"
            page.command = [
                "pitr result export -n \(kept.id) --only repair.sql repair.sql",
                Shell.line(["pitr", "connect", "-g", server.resourceGroup, "-n", server.name, "-d", database])
                    + " -- -X -f repair.sql",
            ].joined(separator: "\n")
            return
        }
        fillForm(&page, kept, request, server)
    }

    private func fillForm(
        _ page: inout ResultPage, _ kept: KeptResult, _ request: UndoRequest, _ server: ServerDetails
    ) {
        guard visit.may(.undo, server.resourceGroup), !kept.tables.isEmpty else { return }
        guard kept.wantedAgain(request) != nil else {
            page.facts.append(Fact("Script", "Make the preview again: \(Self.unknownTransactions)."))
            return
        }
        var form = ResultPage.Form()
        form.once = MachineSecret.fresh()
        form.rules = Self.conflictRules
        form.hasConflicts = kept.conflictRows > 0
        form.decisions = Self.rowDecisions
        form.decidedBesides = kept.decidedBesides ?? 0
        let shown = page.maySeeRows ? kept.tables.flatMap(\.rows).count(where: \.isConflict) : 0
        form.conflictsBesides = kept.conflictRows - shown
        form.decisionCommand = Self.decisionCommand(kept, request, server)
        if !page.maySeeRows {
            form.decidedBesides += kept.tables.flatMap(\.rows).count { $0.decision != nil }
        }
        page.form = form
        guard page.maySeeRows else { return }
        for (table, shown) in kept.tables.enumerated() {
            for (row, conflict) in shown.rows.enumerated() {
                guard let record = conflict.record else { continue }
                page.tables[table].rows[row].field = "\(Self.decisionPrefix)\(record)"
                page.tables[table].rows[row].decision = conflict.decision ?? ""
            }
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

    private static let decisionPrefix = "decision"

    static let rowDecisions =
        [Choice("", "as the rule says")]
        + ConflictDecision.Choice.allCases.map { choice in
            switch choice {
            case .before: Choice(choice.rawValue, "before: its old values")
            case .now: Choice(choice.rawValue, "now: keep the cells in conflict")
            case .skip: Choice(choice.rawValue, "skip: leave it as it is")
            }
        }

    /// What was chosen beside the rows of a result: the values that were looked at are taken from its file.
    ///
    /// - Parameters:
    ///   - tables: those of it that are taken back.
    ///   - earlier: decisions about their rows that it was made with: they stay for rows that the page does
    ///     not show.
    func decisions(
        _ kept: KeptResult, _ tables: [KeptResult.Table], _ earlier: [ConflictDecision],
        _ server: ServerDetails
    ) throws -> [ConflictDecision]? {
        var asked: [Int] = []
        var choices: [Int: ConflictDecision.Choice] = [:]
        for row in tables.flatMap(\.rows) {
            guard let record = row.record, let word = form["\(Self.decisionPrefix)\(record)"] else {
                continue
            }
            asked += row.records
            if word.isEmpty { continue }
            guard let choice = ConflictDecision.Choice(rawValue: word) else {
                throw Problem(.usage, "'\(word.prefix(20))' is no decision about a row")
            }
            // Every cell that was looked at: a change to any of them is seen.
            for place in row.records { choices[place] = choice }
        }
        if !asked.isEmpty {
            for group in Self.groups(kept, server) { try visit.require(.readResult, group) }
        }
        return try controlPlane.decisions(of: kept, choices, besides: earlier, asked: asked)
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
        shown.rows = table.rows.map { row in
            var line = ResultPage.Row()
            line.key = row.key
            line.outcome = row.outcome
            line.isConflict = row.isConflict
            line.remark = row.remark
            line.cells = row.cells.map { ($0.column, $0.values) }
            return line
        }
        return shown
    }
}
