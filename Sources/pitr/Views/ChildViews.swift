import AzureAPI
import ControlPlane
import Notation
import PostgresFormat
import ServiceModel
import WALEvents

/// Columns of the smaller resources.
enum ChildViews {
    static let backupColumns = [
        "Name", "Backup Type", "Source", "Completed", "Size", "Stored", "As", "Last Check",
    ]

    static func row(_ backup: BackupDetails) -> [String] {
        [
            backup.name, backup.backupType, backup.source, backup.completedTime.description,
            ByteText.of(backup.totalBytes), ByteText.of(backup.storedBytes), backup.storage,
            backup.verdict.map { text($0) } ?? "never",
        ]
    }

    static let verifiedColumns = ["Name", "Outcome", "Files", "Size", "WAL Segments", "Finding"]

    static func row(_ backup: VerifiedBackup) -> [String] {
        [
            backup.name, text(backup.verdict.outcome), String(backup.files), ByteText.of(backup.bytes),
            String(backup.segments), backup.verdict.finding ?? "",
        ]
    }

    private static func text(_ outcome: BackupVerdict.Outcome) -> String {
        switch outcome {
        case .sound: "sound"
        case .damagedFiles: "DAMAGED"
        case .damagedWAL: "WAL DAMAGED"
        }
    }

    private static func text(_ verdict: BackupVerdict) -> String {
        "\(text(verdict.outcome)) \(verdict.time.wholeSeconds)"
    }

    static func text(_ backup: BackupDetails) -> PersonText {
        var text = PersonText()
        text.heading("Backup \(backup.name)")
        text.field("Type", "\(backup.backupType), \(backup.source)")
        text.field("Completed", backup.completedTime.description)
        text.field("Covers", "\(backup.startLSN) to \(backup.stopLSN) on timeline \(backup.timeline)")
        text.field(
            "Size",
            "\(ByteText.of(backup.totalBytes)), stored as \(backup.storage) in "
                + ByteText.of(backup.storedBytes)
        )
        text.field(
            "Last check",
            backup.verdict.map { Self.text($0) + ($0.finding.map { ": " + $0 } ?? "") } ?? "never")
        if !backup.passedOver.isEmpty { text.field("Passed over", someOf(backup.passedOver)) }
        return text
    }

    /// The first few of many, and how many more there are.
    static func someOf(_ words: [String]) -> String {
        let shown = words.prefix(5).joined(separator: ", ")
        return words.count > 5 ? shown + " and \(words.count - 5) more" : shown
    }

    static let indexColumns = ["Segment", "Index", "Segment Size", "Index Size", "Commits", "Reason"]

    static func row(_ entry: WALIndexEntry) -> [String] {
        [
            entry.segment.fileName, entry.state.rawValue, ByteText.of(entry.segmentBytes),
            entry.indexBytes > 0 ? ByteText.of(entry.indexBytes) : "",
            entry.commits.map { String($0) } ?? "", entry.reason ?? "",
        ]
    }

    static let ruleColumns = ["Name", "Start IP Address", "End IP Address"]

    static func row(_ rule: FirewallRule) -> [String] {
        [rule.name, rule.startIPAddress, rule.endIPAddress]
    }

    static let databaseColumns = ["Name", "Charset", "Collation"]

    static func row(_ database: DatabaseDetails) -> [String] {
        [database.name, database.charset, database.collation]
    }

    /// az's columns, and the value itself, which az leaves out.
    static let parameterColumns = ["Name", "Value", "DataType", "DefaultValue", "Source", "AllowedValues"]

    static func row(_ parameter: ParameterDetails) -> [String] {
        [
            parameter.name, parameter.value, parameter.dataType, parameter.defaultValue, parameter.source,
            parameter.allowedValues.count > 60
                ? parameter.allowedValues.prefix(57) + "..." : parameter.allowedValues,
        ]
    }

    static func text(_ parameter: ParameterDetails) -> PersonText {
        var text = PersonText()
        text.heading("Parameter \(parameter.name)")
        text.field("Value", parameter.value + (parameter.unit.map { " (\($0))" } ?? ""))
        text.field("Default", parameter.defaultValue)
        text.field("Type", parameter.dataType)
        text.field("Allowed", parameter.allowedValues.isEmpty ? nil : parameter.allowedValues)
        text.field("Source", parameter.source)
        text.field(
            "Change",
            parameter.isReadOnly
                ? "read-only"
                : parameter.isDynamicConfig ? "takes effect at once" : "takes effect after a restart")
        if parameter.isConfigPendingRestart { text.field("Pending", "a restart is needed") }
        text.field("Meaning", parameter.description)
        return text
    }

    static let groupColumns = ["Name", "Location", "Tags"]

    static func row(_ group: GroupDetails) -> [String] {
        [group.name, group.location, ServerView.tags(group.tags) ?? ""]
    }

    static let actionColumns = ["Server", "Action", "Subject", "Reason", "Outcome"]

    static func row(_ action: MaintenanceAction) -> [String] {
        [action.server ?? "", action.action, action.subject, action.reason, action.outcome.description]
    }

    static let eventColumns = ["Time", "Operation", "Status", "Resource", "Caller", "Correlation"]

    static func row(_ event: ActivityEvent) -> [String] {
        [
            event.time.wholeSeconds, event.operationTitle,
            event.status.rawValue + (event.errorCode.map { " (\($0))" } ?? ""),
            event.resourceID.split(separator: "/").last.map(String.init) ?? event.resourceID, event.caller,
            event.correlationID,
        ]
    }

    static let operationColumns = ["Id", "Operation", "Status", "Resource", "Since", "Caller", "Message"]

    static func row(_ operation: OperationStatus) -> [String] {
        let document = OperationDocument(operation)
        return [
            operation.id, operation.kind, document.status,
            operation.resourceID.split(separator: "/").last.map(String.init) ?? "",
            operation.acceptedAt.wholeSeconds, operation.caller,
            operation.errorMessage ?? operation.progress.map(words) ?? "",
        ]
    }

    /// `base backup 1.25 GiB of 4.00 GiB, 210.0 MiB/s`.
    static func words(_ progress: OperationProgress) -> String {
        var words = progress.step
        if progress.bytes > 0 || progress.totalBytes != nil {
            words += " " + ByteText.of(progress.bytes)
            if let total = progress.totalBytes { words += " of " + ByteText.of(total) }
            if let rate = progress.bytesPerSecond { words += ", \(ByteText.of(rate))/s" }
        }
        return progress.remark.map { "\(words), \($0)" } ?? words
    }

    /// az's columns.
    static let sizeColumns = ["SKU", "Tier", "vCore", "Memory", "Max Disk IOPS"]

    static func row(_ size: SKUDetails) -> [String] {
        [
            size.name, size.tier, String(size.vCores),
            ByteText.decimals(Double(size.vCores * size.memoryMiBPerVCore) / 1024, 0) + " GiB",
            String(size.maxIops),
        ]
    }
}
