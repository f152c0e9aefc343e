import AzureAPI
import ControlPlane
import PostgresFormat
import ServiceModel

/// Drills for a person.
enum DrillView {
    static let columns = [
        "Id", "Server", "Started", "Result", "Restore", "Passed", "Failed", "Not Run", "Trend or Reason",
    ]

    static func row(_ record: DrillRecord) -> [String] {
        [
            record.id, record.serverName, record.startedAt.wholeSeconds, record.result.rawValue,
            record.restore.map { DrillText.seconds($0.seconds) } ?? "", String(record.count(.passed)),
            String(record.count(.failed)), String(record.count(.notRun)),
            record.reason ?? record.trend?.words ?? "",
        ]
    }

    static func text(_ record: DrillRecord) -> PersonText {
        var text = PersonText()
        text.heading("Drill \(record.id) of server \(record.serverName): \(record.result.rawValue)")
        text.field("Why", record.reason)
        text.field("Target", record.target)
        text.field("Asked by", record.isScheduled ? "the schedule" : record.caller)
        for (name, value) in DrillText(record).facts { text.field(name, value) }
        text.heading("Rungs")
        for rung in record.rungs {
            text.item(
                "\(rung.outcome.words) (\(DrillText.seconds(rung.seconds))): \(rung.name): \(rung.summary)")
        }
        for rung in record.rungs where rung.spoils || rung.kind == .comparison {
            guard !rung.details.isEmpty else { continue }
            text.heading(rung.name)
            for line in rung.details { text.command(line) }
        }
        for note in record.notes { text.item(note) }
        return text
    }

    static func report(_ record: DrillRecord) throws -> Report {
        try Report(DrillDocument(record), text(record))
    }
}
