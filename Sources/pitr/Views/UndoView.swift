import ControlPlane
import Platform
import Repair
import ServiceModel

/// An undo for a person.
enum UndoView {
    static func text(_ result: UndoResult, folder: String?) -> PersonText {
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
                    "pitr connect -n \(plan.source) -d \(Command.shellQuoted(plan.database)) -- -X -f "
                        + Command.shellQuoted(folder + "/repair.sql"))
            }
        }
        if !result.notes.isEmpty { text.heading("Notes") }
        for note in result.notes { text.item(note) }
        return text
    }
}
