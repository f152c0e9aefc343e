import Notation
import PostgresFormat
import ServiceModel

/// Attached servers for a person.
enum AttachView {
    static func text(_ report: AttachReport) -> PersonText {
        var text = PersonText()
        text.heading("On the source, as a superuser")
        report.sql.forEach { text.command($0) }
        text.heading("In its pg_hba.conf, then a reload")
        text.command(report.accessLine)
        text.heading("What that costs")
        report.costs.forEach { text.item($0) }
        text.heading(report.isPossible ? "Found: it can be attached" : "Found: it cannot be attached yet")
        for finding in report.findings {
            text.field("\(finding.level.rawValue): \(finding.subject)", finding.message)
            text.field("", finding.remedy)
        }
        return text
    }

    /// `streaming since …`, `waiting since …: why`.
    static func phase(_ state: AttachedState) -> String {
        let words =
            switch state.phase {
            case .streaming: "streaming"
            case .connecting: "connecting"
            case .waiting: "NOT RECEIVED, tried again"
            case .notReceiving: "NOT RECEIVED: neither 'pitr serve' nor 'pitr receive' runs"
            }
        let since = state.since.map { " since \($0.wholeSeconds)" } ?? ""
        return words + since + (state.problem.map { ": \($0)" } ?? "")
    }

    static func add(_ state: AttachedState, to text: inout PersonText) {
        let attachment = state.attachment
        text.heading("Attached")
        text.field("Source", "\(attachment.user)@\(attachment.host), port \(attachment.port)")
        text.field("TLS", attachment.host.hasPrefix("/") ? "a local socket" : attachment.security.rawValue)
        text.field("Receiving", phase(state))
        text.field("RPO", state.rpoSeconds.map { "\(rounded($0)) s would be lost with the source now" })
        text.field("Durable here", state.durable.map { "up to \($0)" })
        text.field("Behind", state.lagBytes.map { ByteText.of($0) })
        text.field("Gap", state.gap.map { "WAL from \($0) on was gone before it was received" })
        text.field("Guarantee", attachment.guarantee)
    }

    private static func rounded(_ seconds: Double) -> String {
        seconds < 100 ? "\((seconds * 10).rounded() / 10)" : "\(Int(min(seconds, 1e12)))"
    }
}

/// `attach --check` for a program.
struct AttachReportDocument: Encodable {
    struct Finding: Encodable {
        var level: String
        var message: String
        var remedy: String?
        var subject: String
    }

    var accessLine: String
    var costs: [String]
    var findings: [Finding]
    var isPossible: Bool
    var sql: [String]

    init(_ report: AttachReport) {
        accessLine = report.accessLine
        costs = report.costs
        findings = report.findings.map {
            Finding(level: $0.level.rawValue, message: $0.message, remedy: $0.remedy, subject: $0.subject)
        }
        isPossible = report.isPossible
        sql = report.sql
    }
}
