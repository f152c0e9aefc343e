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
        text.field("Source", source(attachment))
        if attachment.addresses.count > 1 { text.field("Primary", state.primary) }
        text.field("TLS", attachment.isLocal ? "a local socket" : attachment.security.rawValue)
        text.field("Base backups", attachment.maxRate.map { "at most \($0) kB/s" })
        text.field("Receiving", phase(state))
        text.field("RPO", state.rpoSeconds.map { "\(rounded($0)) s would be lost with the source now" })
        text.field("Durable here", state.durable.map { "up to \($0)" })
        text.field("Behind", state.lagBytes.map { ByteText.of($0) })
        text.field("Gap", state.gap.map { "WAL from \($0) on was gone before it was received" })
        text.field("Source's disk", state.slot.map(disk))
        text.field("Slot made anew", state.slot.flatMap(renewal))
        text.field("Commits", commits(state))
        text.field("Guarantee", state.guarantee)
    }

    static func source(_ attachment: Attachment) -> String {
        attachment.addresses.count > 1
            ? "\(attachment.user)@\(attachment.addressText)"
            : "\(attachment.user)@\(attachment.host), port \(attachment.port)"
    }

    /// `32 MB of WAL kept there, given up at 10 GB`.
    private static func disk(_ slot: SlotState) -> String {
        let amount = "\(ByteText.of(slot.held)) of WAL kept there"
        let limit = ", given up at \(ByteText.of(slot.limit))"
        return switch slot.level {
        case .normal: amount + limit
        case .near: "NEAR ITS LIMIT: " + amount + limit
        case .unwatched where slot.isTemporary: "no WAL is kept: the slot went with the connection"
        case .unwatched: amount + " when it was looked at last; nobody looks now"
        }
    }

    private static func renewal(_ slot: SlotState) -> String? {
        guard let at = slot.renewedAt, let why = slot.renewal else { return nil }
        return "\(at.wholeSeconds): \(why.words)"
    }

    private static func commits(_ state: AttachedState) -> String? {
        guard let name = state.attachment.synchronousName else { return nil }
        guard state.isAwaited else {
            return "do not wait for the stream '\(name)': synchronous_standby_names does not have it"
        }
        return switch state.standstill {
        case .certain: "WAIT NOW for the stream '\(name)', which is not received"
        case .possible: "may wait for the stream '\(name)', which is not received: \(state.namesAsTold)"
        case nil: "wait for the stream '\(name)', for ever while nobody receives"
        }
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
