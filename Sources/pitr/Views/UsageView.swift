import ControlPlane
import Notation
import PostgresFormat
import ServiceModel

/// What servers and copies take, for a person.
enum UsageView {
    static let temporaryColumns = ["Operation", "Kind", "Role", "Source Server", "Size", "Since"]

    static func row(_ copy: TemporaryCopy) -> [String] {
        [
            copy.operationID, copy.kind, copy.role, copy.sourceName, ByteText.of(copy.bytes),
            copy.since.wholeSeconds,
        ]
    }

    static func text(_ usage: MachineUsage) -> PersonText {
        var text = PersonText()
        text.heading("\(ByteText.of(usage.totalBytes)) on disk")
        for server in usage.servers { text.field(server.name, words(server)) }
        for copy in usage.temporaryCopies {
            text.field(
                "temporary copy",
                "\(copy.role) of \(copy.sourceName), \(ByteText.of(copy.bytes)), by \(copy.kind) "
                    + copy.operationID)
        }
        text.field("kept evidence", ByteText.of(usage.evidenceBytes))
        if usage.resultBytes > 0 { text.field("results", ByteText.of(usage.resultBytes)) }
        if usage.pairedBytes > 0 { text.field("second copies", ByteText.of(usage.pairedBytes)) }
        guard !usage.removable.isEmpty else { return text }
        text.heading("What can go")
        for thing in usage.removable {
            text.item(
                "\(words(thing.kind)) \(thing.name), \(ByteText.of(thing.bytes)): \(thing.reason)")
            text.command("  " + thing.command)
        }
        return text
    }

    private static func words(_ server: ServerUsage) -> String {
        var parts = [
            server.state.rawValue, "\(ExpiryState.words(seconds: server.ageSeconds)) old",
            "data \(ByteText.of(server.disk.data))", "backups \(ByteText.of(server.disk.backups))",
            "WAL \(ByteText.of(server.disk.wal))",
        ]
        if let memory = server.memoryBytes { parts.append("memory \(ByteText.of(memory))") }
        if let hours = server.vCoreHours {
            parts.append("\(ByteText.decimals(hours, 1)) vCore-hours since its start")
        }
        if let expiry = server.expiry {
            parts.append(expiry.isOver ? "expired at \(expiry.time)" : "expires at \(expiry.time)")
        }
        return parts.joined(separator: ", ")
    }

    private static func words(_ kind: RemovableThing.Kind) -> String {
        switch kind {
        case .expiredCopy: "expired copy"
        case .copy: "copy"
        case .deletedServer: "deleted server"
        case .onDemandBackup: "backup"
        case .evidence: "evidence of"
        case .result: "result:"
        }
    }
}
