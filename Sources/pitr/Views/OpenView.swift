import AzureAPI
import Notation
import PostgresFormat
import ServiceModel

/// Opened backups for a person.
enum OpenView {
    static func text(_ report: OpenReport) -> PersonText {
        var text = PersonText()
        if let contents = report.contents { add(contents, to: &text) }
        text.heading(report.isUsable ? "Found: it can be restored" : "Found: it cannot be restored")
        for finding in report.findings {
            text.field("\(finding.level.rawValue): \(finding.subject)", finding.message)
            text.field("", finding.remedy)
        }
        return text
    }

    private static func add(_ contents: OpenReport.Contents, to text: inout PersonText) {
        text.heading("Base backup")
        text.field("PostgreSQL", String(contents.version))
        text.field("System identifier", String(contents.systemIdentifier))
        text.field("Label", contents.label)
        text.field("Form", contents.form.rawValue)
        text.field("Began", contents.began.wholeSeconds)
        text.field("From", "\(contents.startLSN) to \(contents.stopLSN)")
        text.field("Files", "\(contents.files), \(ByteText.of(contents.bytes))")
        let manifest = contents.form == .pgbackrest ? "pgBackRest's" : "none"
        text.field("Manifest", contents.manifestVersion.map { "version \($0)" } ?? manifest)
        if !contents.tablespaces.isEmpty {
            text.field("Tablespaces", contents.tablespaces.map { String($0) }.joined(separator: ", "))
        }
        for left in contents.leftOut { text.item(left) }
        text.heading("WAL")
        text.field("Segments", String(contents.segments))
        text.field("Timeline", String(contents.timeline.rawValue))
        text.field("Earliest restore", contents.earliest.description)
        text.field("Good up to", contents.goodTo.description)
        text.field("Last commit or abort", contents.lastTime?.description)
    }

    static func add(_ folder: OpenedFolder, needs: String?, to text: inout PersonText) {
        text.heading("Opened")
        text.field("Base backup", folder.base)
        for path in folder.wal { text.field("WAL", path) }
        text.field("Form", folder.form.rawValue)
        text.field("Brought in", folder.openedAt.description)
        text.field("Server", "none: nobody runs it, and nothing new comes in")
        text.field("To restore it", needs)
    }
}

/// `open --check` for a program.
struct OpenReportDocument: Encodable {
    struct Finding: Encodable {
        var level: String
        var message: String
        var remedy: String?
        var subject: String
    }

    struct Gap: Encodable {
        var first: String
        var last: String
    }

    struct Contents: Encodable {
        var began: String
        var bytes: UInt64
        var earliestRestoreDate: String
        var files: Int
        var form: String
        var gaps: [Gap]
        var goodToLsn: String
        var label: String
        var lastTime: String?
        var leftOut: [String]
        var manifestVersion: Int?
        var segments: Int
        var startLsn: String
        var stopLsn: String
        /// Text, because it is larger than the numbers that JSON readers keep exactly.
        var systemIdentifier: String
        var tablespaces: [UInt32]
        var timeline: UInt32
        var version: Int

        init(_ contents: OpenReport.Contents) {
            began = contents.began.wireText
            bytes = contents.bytes
            earliestRestoreDate = contents.earliest.wireText
            files = contents.files
            form = contents.form.rawValue
            gaps = contents.gaps.map { Gap(first: $0.first, last: $0.last) }
            goodToLsn = contents.goodTo.description
            label = contents.label
            lastTime = contents.lastTime?.wireText
            leftOut = contents.leftOut
            manifestVersion = contents.manifestVersion
            segments = contents.segments
            startLsn = contents.startLSN.description
            stopLsn = contents.stopLSN.description
            systemIdentifier = String(contents.systemIdentifier)
            tablespaces = contents.tablespaces
            timeline = contents.timeline.rawValue
            version = contents.version
        }
    }

    var contents: Contents?
    var findings: [Finding]
    var isUsable: Bool

    init(_ report: OpenReport) {
        contents = report.contents.map(Contents.init)
        findings = report.findings.map {
            Finding(level: $0.level.rawValue, message: $0.message, remedy: $0.remedy, subject: $0.subject)
        }
        isUsable = report.isUsable
    }
}
