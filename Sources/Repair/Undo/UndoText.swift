import Platform
import PostgresFormat
public import ServiceModel

/// The report for a person who decides whether to run the script: Markdown.
public struct UndoText: Sendable {
    private let plan: UndoPlan
    private let rule: ConflictRule
    private let proof: String
    private let notes: [String]
    private static let exampleCount = 5

    /// - Parameter proof: a sentence about what was proved.
    public init(_ plan: UndoPlan, _ rule: ConflictRule, proof: String, notes: [String]) {
        self.plan = plan
        self.rule = rule
        self.proof = proof
        self.notes = notes
    }

    public var markdown: String {
        var lines = [
            "# Taking back \(plan.subject) of \(plan.source)", "",
            "- Database \(Self.shown(plan.database))",
        ]
        lines += plan.commits.map { "- \($0)" }
        lines += plan.deeds.map { "- \(Self.shown($0))" }
        lines += [
            "- Compared with the state of \(plan.nowTime) UTC, WAL position \(plan.nowEnd)",
            "- Rule for conflicts: \(rule.rawValue)", "- \(proof)",
        ]
        lines += notes.map { "- \(Self.shown($0))" }
        for table in plan.tables { lines += section(table) }
        if !plan.triggerEffects.isEmpty {
            lines += [
                "", plan.disablesTriggers ? "## What triggers would do" : "## What triggers do besides", "",
            ]
            lines += plan.triggerEffects.map { "- \(Self.shown($0))" }
        }
        if !plan.definitions.isEmpty {
            lines += ["", "## Made again", ""]
            lines += plan.definitions.entries.map { "- \(Self.shown($0))" }
        }
        if !plan.leftOut.isEmpty {
            lines += ["", "## Not taken back", ""]
            lines += plan.leftOut.map { "- \(Self.shown($0.subject)): \(Self.shown($0.reason))" }
        }
        lines += [
            "", "## Files", "",
            "- `repair.sql`: the script for psql, "
                + (plan.batch.map { "in transactions of at most \($0) rows" } ?? "one transaction"),
            "- `rows`: a file of each table with every cell that the transaction changed: before, after, now",
            "- `conflicts.csv`: those about which somebody has to decide", "",
        ]
        return lines.joined(separator: "\n")
    }

    private func section(_ table: UndoPlan.Table) -> [String] {
        var lines = ["", "## \(Self.shown("\(table.shape.name)"))", "", "| Verdict | Rows |", "|---|---|"]
        for verdict in Verdict.allCases where table.count(verdict) > 0 {
            lines.append("| \(verdict.rawValue) | \(table.count(verdict)) |")
        }
        if !table.shape.triggers.isEmpty {
            lines += [
                "",
                (plan.disablesTriggers
                    ? "Its triggers are off meanwhile: " : "Its triggers fire when the script is run: ")
                    + Self.shown(table.shape.triggers.joined(separator: ", ")),
            ]
        }
        lines += ["", "| Row | Verdict | Column | Before | After | Now |", "|---|---|---|---|---|---|"]
        for verdict in Verdict.allCases {
            for row in table.rows.filter({ $0.verdict == verdict }).prefix(Self.exampleCount) {
                let key = UndoRows.key(of: row, table.shape)
                for place in row.damaged.prefix(4) {
                    let cells = [row.before, row.after, row.now].map { Self.cell($0.map { $0[place] }) }
                    let start = [key, verdict.rawValue, table.shape.columns[place].name].map(Self.shown)
                    lines.append("| " + (start + cells).joined(separator: " | ") + " |")
                }
            }
        }
        return lines
    }

    private static func cell(_ cell: Cell??) -> String {
        switch cell {
        case nil: "(no row)"
        case .some(nil): "NULL"
        case .some(let cell?): shown(cell.text.count > 40 ? cell.text.prefix(40) + "…" : cell.text)
        }
    }

    /// Names and values come from the database: nothing in them may act as Markdown.
    private static func shown(_ text: String) -> String {
        var result = ""
        for scalar in text.visible().unicodeScalars {
            if "|`*_<>[]\\&".unicodeScalars.contains(scalar) { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}
