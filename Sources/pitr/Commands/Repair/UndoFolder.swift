import AzureAPI
import ControlPlane
import Notation
import Platform
import Repair
import ServiceModel

/// The folder that an undo leaves.
struct UndoFolder {
    private let folder: OutputFolder

    /// - Parameter hasScript: false where only verdicts were asked for.
    init(path: String, hasScript: Bool = true) throws {
        folder = try OutputFolder(
            path: path,
            names: ["report.md", "report.json", "conflicts.csv"] + (hasScript ? [KeptResult.scriptName] : []))
    }

    var path: String { folder.path }

    func write(_ result: UndoResult) throws {
        let text = UndoText(
            result.plan, result.rule, proof: result.proofWords, notes: result.notes)
        try folder.write(text.markdown, to: "report.md")
        let document = try JSONValue(encoding: UndoDocument(result.report))
        try folder.write(JSONText.render(document), to: "report.json")
        let lines = UndoRows(result.plan)
        try writeRows(lines)
        try writeConflicts(lines)
        try folder.write(result.script, to: KeptResult.scriptName)
        folder.close()
    }

    private func writeConflicts(_ rows: UndoRows) throws {
        var waiting = ""
        try rows.writeConflicts { line in
            waiting += line
            guard waiting.utf8.count > 65536 else { return }
            try folder.write(waiting, to: "conflicts.csv")
            waiting = ""
        }
        try folder.write(waiting, to: "conflicts.csv")
    }

    private func writeRows(_ rows: UndoRows) throws {
        var (waiting, table) = ("", "")
        func flush() throws {
            guard !waiting.isEmpty else { return }
            try folder.tables.write(waiting, of: table, header: UndoRows.header)
            waiting = ""
        }
        try rows.writeRows { name, lines in
            if name != table { try flush() }
            table = name
            waiting += lines
            if waiting.utf8.count > 65536 { try flush() }
        }
        try flush()
    }

    /// Removes what was made; false when something could not be removed.
    func discard() -> Bool { folder.discard() }
}
