import ControlPlane
import Notation
import PostgresFormat
import Repair
import ServiceModel

/// An export for a person.
enum ExportView {
    static func text(_ result: ExportResult) -> PersonText {
        let manifest = result.manifest
        var text = PersonText()
        text.heading("Exported \(rows(manifest)) of \(manifest.table)")
        text.field("Database", manifest.database)
        text.field("Columns", manifest.columns.joined(separator: ", "))
        text.field("Where", manifest.condition)
        text.field("Format", manifest.format.rawValue)
        text.field("Size", ByteText.of(manifest.bytes))
        text.field("SHA-256", manifest.sha256)
        text.field("Snapshot", manifest.snapshot)
        text.field("Read by", manifest.login)
        text.field("Evidence", manifest.operationID.map { "of restore \($0)" })
        for note in result.notes { text.field("Note", note) }
        return text
    }

    /// In one line.
    static func words(_ manifest: ExportManifest) -> String {
        "\(rows(manifest)) of \(manifest.table) in database \(manifest.database)"
            + (manifest.condition.map { " where \($0)" } ?? "")
            + ", as \(manifest.format.rawValue), by \(manifest.caller) "
            + "at \(manifest.exportedAt.wholeSeconds), SHA-256 \(manifest.sha256)"
    }

    private static func rows(_ manifest: ExportManifest) -> String {
        "\(manifest.rows) \(manifest.rows == 1 ? "row" : "rows")"
    }
}
