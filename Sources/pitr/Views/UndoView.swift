import ControlPlane
import Platform
import Repair
import ServiceModel

/// An undo for a person.
enum UndoView {
    static func text(_ result: UndoResult, of group: String, folder: String?) -> PersonText {
        let plan = result.plan
        var text = PersonText()
        text.heading("Taking back \(plan.subject) of \(plan.source)")
        text.field("Database", plan.database)
        for commit in plan.commits { text.field("Transaction", commit) }
        for deed in plan.deeds { text.field("It did", deed) }
        text.field("Now is", "\(plan.nowTime), WAL position \(plan.nowEnd)")
        for table in plan.tables {
            text.heading("\(table.shape.name)")
            for verdict in Verdict.allCases where table.count(verdict) > 0 {
                text.field(
                    verdict.rawValue, "\(table.count(verdict)) \(table.count(verdict) == 1 ? "row" : "rows")")
            }
            if !table.shape.triggers.isEmpty {
                text.field(
                    plan.disablesTriggers ? "triggers that are off" : "triggers that fire",
                    table.shape.triggers.joined(separator: ", "))
            }
        }
        addConflicts(result, folder, to: &text)
        if !plan.triggerEffects.isEmpty {
            text.heading(plan.disablesTriggers ? "What triggers would do" : "What triggers do besides")
            for effect in plan.triggerEffects { text.item(effect) }
        }
        if !plan.definitions.isEmpty {
            text.heading("Made again")
            for entry in plan.definitions.entries { text.item(entry) }
        }
        if !plan.leftOut.isEmpty {
            text.heading("Not taken back")
            for left in plan.leftOut { text.item("\(left.subject): \(left.reason)") }
        }
        text.heading("Script")
        text.field("Writes", result.proof == .stopped ? "nothing before you decide" : "\(result.writes) rows")
        text.field("Proof", result.proofWords)
        if let folder {
            text.field("Folder", folder)
            if result.proof != .stopped, result.writes > 0 || !plan.definitions.isEmpty {
                text.heading("Read it, then run it")
                text.command(
                    "pitr connect\(GroupOption.words(group)) -n \(plan.source) -d "
                        + "\(Command.shellQuoted(plan.database)) -- -X -f "
                        + Command.shellQuoted(folder + "/repair.sql"))
            }
        }
        if !result.notes.isEmpty { text.heading("Notes") }
        for note in result.notes { text.item(note) }
        return text
    }

    // MARK: Conflicts

    private static let conflictsShown = 5

    private static func addConflicts(_ result: UndoResult, _ folder: String?, to text: inout PersonText) {
        let count = result.plan.conflictCount
        guard count > 0 else { return }
        let decided = count - result.plan.undecidedCount
        text.heading(
            "In conflict: \(count) \(count == 1 ? "row" : "rows")"
                + (decided > 0 ? ", \(decided) decided one by one" : ""))
        let shown = result.report.conflicts.prefix(conflictsShown)
        for conflict in shown { text.item(words(conflict)) }
        let more = count - shown.count
        if let folder {
            text.item((more > 0 ? "\(more) more; " : "") + "\(folder)/conflicts.csv has each with its cells")
        } else if more > 0 {
            text.item("\(more) more")
        }
        guard result.proof == .stopped else { return }
        text.heading("Decide")
        text.field("--conflicts skip", "they stay as they are, all other rows are repaired")
        text.field("--conflicts before", "they get their old values, whatever was written since")
        text.field("--conflicts now", "their cells in conflict stay as they are, their others are repaired")
        text.field("--decisions FILE", "row by row: conflicts.csv with its last column filled in")
    }

    /// In one line: `public.deadlines id=7: due was '2026-12-01', became '2099-01-01', is '2026-12-24'`.
    static func words(_ conflict: UndoReport.Conflict) -> String {
        let cells = conflict.cells.prefix(4).map { cell in
            "\(cell.column) was \(value(cell.before)), became \(value(cell.after)), is \(value(cell.now))"
        }
        let more = conflict.cells.count - cells.count
        let writers = conflict.writtenSince.map { "by \($0.xid) at \($0.time)" }
        var parts = cells + (more > 0 ? ["\(more) more cells"] : [])
        if conflict.verdict != Verdict.conflict.rawValue { parts.append(conflict.verdict) }
        if let reason = conflict.reason { parts.append(reason) }
        if !writers.isEmpty { parts.append("written since " + writers.joined(separator: ", ")) }
        return "\(conflict.table) \(conflict.key): " + parts.joined(separator: "; ")
    }

    private static func value(_ text: String?) -> String {
        text.map { "'\($0.count > 40 ? $0.prefix(37) + "…" : $0)'" } ?? "NULL"
    }
}
