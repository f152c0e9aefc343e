import AzureAPI
import ControlPlane
import Notation
import Platform
import Repair

/// The folder that an undo leaves.
struct UndoFolder {
    private let folder: OutputFolder

    init(path: String) throws {
        folder = try OutputFolder(
            path: path, names: ["report.md", "report.json", "rows.csv", "conflicts.csv", "repair.sql"])
    }

    var path: String { folder.path }

    func write(_ result: UndoResult) throws {
        let text = UndoText(
            result.plan, result.rule, proof: UndoView.proof(result), notes: result.notes)
        try folder.write(text.markdown, to: "report.md")
        let document = try JSONValue(encoding: UndoDocument(result.report))
        try folder.write(JSONText.render(document), to: "report.json")
        let lines = UndoRows(result.plan)
        try write(lines, conflictsOnly: false, to: "rows.csv")
        try write(lines, conflictsOnly: true, to: "conflicts.csv")
        try folder.write(result.script, to: "repair.sql")
        folder.close()
    }

    private func write(_ rows: UndoRows, conflictsOnly: Bool, to name: String) throws {
        var waiting = ""
        try rows.write(conflictsOnly: conflictsOnly) { line in
            waiting += line
            guard waiting.utf8.count > 65536 else { return }
            try folder.write(waiting, to: name)
            waiting = ""
        }
        try folder.write(waiting, to: name)
    }

    /// Removes what was made; false when something could not be removed.
    func discard() -> Bool { folder.discard() }
}
