import Notation
import PostgresFormat
import ServiceModel

/// What came of undos and comparisons of the daemon, for a person.
enum ResultView {
    static let columns = ["Id", "Kind", "Server", "Finished", "Of", "Result", "Size"]

    static func row(_ result: KeptResult) -> [String] {
        [
            result.id, result.work.name, result.serverName, result.finishedAt.wholeSeconds, result.subject,
            result.summary, ByteText.of(result.bytes),
        ]
    }

    static func text(_ result: KeptResult) -> PersonText {
        var text = PersonText()
        switch result.work {
        case .undo: text.heading("Taking back \(result.subject) of \(result.serverName)")
        case .compare: text.heading("Comparing \(result.serverName) with \(result.subject)")
        }
        text.field("Asked by", result.caller)
        text.field("Finished", result.finishedAt.description)
        text.field("Result", result.summary)
        for table in result.tables {
            text.heading("\(table.name) in database \(table.database)")
            for count in table.counts {
                text.field(count.words, "\(count.rows) \(count.rows == 1 ? "row" : "rows")")
            }
            if !table.remark.isEmpty { text.item(table.remark) }
        }
        if !result.leftOut.isEmpty { text.heading("Left out") }
        for left in result.leftOut { text.item(left) }
        if !result.notes.isEmpty { text.heading("Notes") }
        for note in result.notes { text.item(note) }
        text.heading("Files")
        for file in result.files { text.field(file.name, ByteText.of(file.bytes)) }
        text.heading("Take them out")
        text.command("pitr result export -n \(result.id) \(result.work.name).tar")
        if result.hasScript {
            text.command("pitr result export -n \(result.id) --only \(KeptResult.scriptName) repair.sql")
        }
        return text
    }
}
