import AzureAPI
import ControlPlane
import Glibc
import Platform
import Repair

/// The folder that an undo leaves: made before the work, so that nothing is done in vain.
struct UndoFolder {
    let path: String
    private let report: DestinationFile
    private let document: DestinationFile
    private let rows: DestinationFile
    private let conflicts: DestinationFile
    private let script: DestinationFile

    /// Throws `.usage` where it exists already or cannot be made; one that a failed attempt left empty is
    /// used again.
    init(path: String) throws {
        self.path = path
        Self.clear(path)
        // What is in it is the content of tables.
        guard mkdir(path, 0o700) == 0 else {
            throw Problem(
                .usage, "cannot make the folder \(path)", detail: String(cString: strerror(errno)),
                hint: errno == EEXIST ? "Choose another one with --out; nothing is overwritten." : nil)
        }
        report = try DestinationFile(path: path + "/report.md")
        document = try DestinationFile(path: path + "/report.json")
        rows = try DestinationFile(path: path + "/rows.csv")
        conflicts = try DestinationFile(path: path + "/conflicts.csv")
        script = try DestinationFile(path: path + "/repair.sql")
    }

    private static let names = ["report.md", "report.json", "rows.csv", "conflicts.csv", "repair.sql"]

    /// Whoever called root may remove what was made, and the account that the work is done under may not.
    private static func clear(_ path: String) {
        let left = ((try? DurableFiles.list(path)) ?? []).sorted()
        guard left == names.sorted(), left.allSatisfy({ DurableFiles.status(path + "/" + $0)?.size == 0 })
        else { return }
        for name in left { unlink(path + "/" + name) }
        rmdir(path)
    }

    private var files: [DestinationFile] { [report, document, rows, conflicts, script] }

    func write(_ result: UndoResult) throws {
        let text = UndoText(
            result.plan, result.rule, proof: UndoView.proof(result), notes: result.notes)
        try write(text.markdown, to: report)
        try write(JSONText.render(try OutputValue(encoding: UndoDocument(result.report))), to: document)
        let lines = UndoRows(result.plan)
        try write(lines, conflictsOnly: false, to: rows)
        try write(lines, conflictsOnly: true, to: conflicts)
        try write(result.script, to: script)
        files.forEach { $0.close() }
    }

    private func write(_ rows: UndoRows, conflictsOnly: Bool, to file: DestinationFile) throws {
        var waiting = ""
        try rows.write(conflictsOnly: conflictsOnly) { line in
            waiting += line
            guard waiting.utf8.count > 65536 else { return }
            try write(waiting, to: file)
            waiting = ""
        }
        try write(waiting, to: file)
    }

    private func write(_ text: String, to file: DestinationFile) throws {
        try DescriptorOutput(file.descriptor).write(Array(text.utf8))
    }

    /// Removes what was made; false when something could not be removed.
    func discard() -> Bool {
        let removed = files.map { $0.discard() }
        files.forEach { $0.close() }
        return removed.allSatisfy { $0 } && rmdir(path) == 0
    }
}
