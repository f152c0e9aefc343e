import ControlPlane
import Platform
import Portal
import ServiceModel

/// Rows in conflict of a preview: pages of them, and what is decided about each.
extension PortalPages {
    /// Those of one table that a page shows.
    private static let conflictsOfPage = 25
    /// Cells about which one form may decide: each goes with its values into the operation.
    private static let mostDecisions = 20_000

    static let rowDecisions = decisions("as the rule says", "its old values", "leave it as it is")
    static let tableRules = decisions("as the rule below says", "their old values", "leave them as they are")

    private static func decisions(_ byRule: String, _ before: String, _ skip: String) -> [Choice] {
        [Choice("", byRule)]
            + ConflictDecision.Choice.allCases.map { choice in
                let words =
                    switch choice {
                    case .before: before
                    case .now: "keep the cells in conflict"
                    case .skip: skip
                    }
                return Choice(choice.rawValue, "\(choice.rawValue): \(words)")
            }
    }

    // MARK: Showing

    /// A row that the result shows, with the field of what is decided about it.
    ///
    /// - Parameter unforced: where rows are that cannot get their old values.
    static func row(
        _ row: KeptResult.Row, _ chosen: ConflictChoices, unforced: [Range<Int>]
    ) -> ResultPage.Row {
        var line = Self.row(row)
        guard let record = row.record else { return line }
        line.field = "\(ConflictChoices.decisionPrefix)\(record)"
        line.mayBeForced = !unforced.contains { $0.contains(record) }
        line.decision = (chosen.rows[record] ?? row.decision.flatMap { .init(rawValue: $0) })?.rawValue ?? ""
        return line
    }

    /// Pages of rows in conflict where a table has more of them than its result shows, and what is chosen on
    /// those that are not shown now.
    func fillParts(
        _ page: inout ResultPage, _ kept: KeptResult, _ conflicts: KeptConflicts, _ chosen: ConflictChoices
    ) {
        let unforced = kept.unforcedRecords
        var seen = Set(kept.tables.flatMap(\.rows).compactMap(\.record))
        for (number, rows) in conflicts.tables.enumerated() {
            let records = kept.tables[number].rows.compactMap(\.record)
            guard rows.count > records.count else { continue }
            var part = ResultPage.Part(number: 0, rowsOfPage: Self.conflictsOfPage, count: rows.count)
            part.number = min(chosen.pages[number] ?? 0, (rows.count - 1) / Self.conflictsOfPage)
            part.unforced = rows.count { !$0.mayBeForced }
            part.rule = chosen.rules[number]?.rawValue ?? ""
            page.tables[number].part = part
            let first = part.number * Self.conflictsOfPage
            let shown = rows[first..<min(rows.count, first + Self.conflictsOfPage)]
            // Those of the first page have all their changed cells in the result.
            if part.number > 0 || shown.map(\.record) != records {
                seen.subtract(records)
                page.tables[number].rows = shown.map {
                    Self.row(conflicts.shown($0), chosen, unforced: unforced)
                }
            }
            seen.formUnion(shown.map(\.record))
        }
        page.form?.conflictsBesides = 0
        page.form?.decidedBesides = 0
        let hidden = conflicts.tables.joined().filter { !seen.contains($0.record) }
        var carried: [Int: ConflictDecision.Choice?] = [:]
        for row in hidden {
            guard let choice = chosen.rows[row.record], choice != row.decision else { continue }
            carried[row.record] = .some(choice)
        }
        page.form?.chosen = ConflictChoices.field(carried)
        page.form?.chosenBesides = ConflictDecision.Choice.allCases.compactMap { choice in
            let count = hidden.count { (chosen.rows[$0.record] ?? $0.decision) == choice }
            return count == 0 ? nil : "\(choice.rawValue) for \(count) \(count == 1 ? "row" : "rows")"
        }
    }

    // MARK: Deciding

    /// What was chosen about rows of a result: the values that were looked at are taken from its file.
    ///
    /// - Parameters:
    ///   - tables: places of those that are taken back.
    ///   - earlier: decisions about their rows that the result was made with: they stay for rows about which
    ///     nothing else was chosen.
    func decisions(
        _ kept: KeptResult, _ tables: [Int], _ earlier: [ConflictDecision], _ chosen: ConflictChoices,
        _ server: ServerDetails
    ) throws -> [ConflictDecision]? {
        var asked: [Int] = []
        var choices: [Int: ConflictDecision.Choice] = [:]
        func decide(_ records: some Sequence<Int>, _ choice: ConflictDecision.Choice?) {
            asked += records
            // Every cell that was looked at: a change to any of them is seen.
            for place in records { choices[place] = choice }
        }
        let rules = chosen.rules.filter { tables.contains($0.key) }
        let shown = kept.tables.enumerated().flatMap { table in
            table.element.rows.filter { $0.record != nil }.map { (table.offset, $0) }
        }
        if rules.isEmpty, Set(chosen.rows.keys).isSubset(of: shown.compactMap(\.1.record)) {
            for (table, row) in shown where tables.contains(table) {
                if let choice = row.record.flatMap({ chosen.rows[$0] }) { decide(row.records, choice) }
            }
        } else {
            guard let conflicts = try controlPlane.conflicts(of: kept) else { throw Self.goneOn(kept) }
            var left = chosen.rows
            for (table, rows) in conflicts.tables.enumerated() {
                for row in rows {
                    let own = left.removeValue(forKey: row.record)
                    guard tables.contains(table) else { continue }
                    if let choice = own ?? row.decision {
                        // Without a choice of its own the earlier decision stays.
                        if own != nil { decide(row.records, choice) }
                    } else if let rule = rules[table], rule != .before || row.mayBeForced {
                        decide(row.records, rule)
                    } else if own != nil {
                        decide(row.records, nil)
                    }
                }
            }
            guard left.isEmpty else { throw Self.goneOn(kept) }
        }
        guard choices.count <= Self.mostDecisions else {
            throw Problem(
                .usage, "\(choices.count) cells in conflict are too many to decide about on a page",
                detail: "at most \(Self.mostDecisions) are taken",
                hint: "Choose 'Rows in conflict' for all tables, or give the file to 'pitr undo --decisions'."
            )
        }
        if !asked.isEmpty {
            for group in Self.groups(kept, server) { try visit.require(.readResult, group) }
        }
        return try controlPlane.decisions(of: kept, choices, besides: earlier, asked: asked)
    }

    private static func goneOn(_ kept: KeptResult) -> Problem {
        Problem(
            .resourceNotFound, "result '\(kept.id)' has not all the rows in conflict that were chosen for",
            hint: "Open the result again, and decide about the rows that it shows.")
    }
}
