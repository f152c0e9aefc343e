import AzureAPI
import ControlPlane
import Notation
import Platform
import Repair

/// The folder that a comparison leaves; rows go into it as they are found.
final class CompareFolder: ComparisonFiles {
    private let folder: OutputFolder
    /// Lines that are still to be written, all of one table.
    private var waiting = ""
    private var table = ""

    init(path: String) throws {
        folder = try OutputFolder(path: path, names: ["report.md", "report.json", "schema.sql"])
    }

    var path: String { folder.path }

    func add(_ database: String, _ table: String, _ row: RowDifference) throws(Problem) {
        let name = "\(database).\(table)"
        if name != self.table { try flush() }
        self.table = name
        waiting += DifferenceLines.lines(database: database, table: table, row)
        if waiting.utf8.count > 65536 { try flush() }
    }

    private func flush() throws(Problem) {
        guard !waiting.isEmpty else { return }
        try folder.tables.write(waiting, of: table, header: DifferenceLines.header)
        waiting = ""
    }

    func finish(_ result: CompareResult) throws {
        try flush()
        let text = ComparisonView.text(result, folder: nil).render(width: 110)
        let isInOneLine = text.split(separator: "\n", omittingEmptySubsequences: false)
        try folder.write(
            "# Comparison\n\n" + isInOneLine.map { $0.isEmpty ? "" : "    \($0)" }.joined(separator: "\n"),
            to: "report.md")
        try folder.write(
            JSONText.render(try JSONValue(encoding: ComparisonDocument(result))), to: "report.json")
        for database in result.databases {
            for object in database.schema {
                try folder.write(SchemaText.text(object, database: database.name), to: "schema.sql")
            }
        }
        folder.close()
    }

    /// Removes what was made; false when something could not be removed.
    func discard() -> Bool { folder.discard() }
}

/// Definitions that differ, for a person to choose from: all of it is comment, so that running it by mistake
/// does nothing.
enum SchemaText {
    static func text(_ object: SchemaDifference, database: String) -> String {
        let name = object.schema.isEmpty ? object.name : "\(object.schema).\(object.name)"
        var lines = ["database \(database): \(object.kind) \(name)"]
        for (side, text) in [("here", object.here), ("there", object.there)] {
            lines.append("")
            lines.append(text == nil ? "\(side): not there" : "\(side):")
            lines += text?.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" } ?? []
        }
        if let removal = object.removal { lines += ["", "to have it on neither side:", "    " + removal] }
        return lines.map { "-- " + $0.visible() }.joined(separator: "\n") + "\n\n"
    }
}
