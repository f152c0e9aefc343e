import ControlPlane
import Notation
import Planning
import PostgresFormat
import ServiceModel
import WALEvents

/// What a restore did and how it was proved, for a person.
enum EvidenceView {
    static func text(_ evidence: RestoreEvidence) -> PersonText {
        var text = PersonText()
        text.heading("Evidence of the restore")
        text.field("Source", named(evidence.sourceServer, evidence.sourceServerID))
        text.field("New server", named(evidence.newServer, evidence.newServerID))
        text.field(
            "Asked for", evidence.requestedTime ?? evidence.requestedTarget ?? RecoveryTarget.latest.words)
        text.field("Asked by", evidence.caller)
        text.field("State as of", evidence.effectiveTimeUTC?.description)
        text.field(
            "Last \(evidence.lastCommitInside?.kind.noun ?? "commit") inside",
            evidence.lastCommitInside.map(PlanView.boundary) ?? "none since the backup")
        text.field("First left out", evidence.firstExcluded.map(PlanView.boundary) ?? "none available")
        for deed in evidence.firstExcludedDid ?? [] { text.field("It did", deed) }
        text.field("Base backup", evidence.baseBackup)
        text.field(
            "WAL replayed",
            "\(evidence.walStart) to \(evidence.walEnd), \(evidence.walSegments) "
                + (evidence.walSegments == 1 ? "segment" : "segments"))
        text.field("Timeline", "\(evidence.timelineBefore) before, \(evidence.timelineAfter) after")
        text.field("Handed over", evidence.handedToPostgres)
        text.field("PostgreSQL says", evidence.postgresReason)
        if let addresses = evidence.allowedAddresses, !addresses.isEmpty {
            text.field("Let in at once", addresses.joined(separator: ", "))
        }
        for remark in evidence.remarks ?? [] { text.field("Remark", remark) }
        for name in evidence.preparedTransactionsInDoubt { text.field("In doubt", name) }
        for name in evidence.invalidDatabases ?? [] {
            text.field("Invalid", "database \(name): its DROP was interrupted, it can only be dropped again")
        }
        for name in evidence.unloggedRelations ?? [] {
            text.field("Unlogged, empty", SQLName.words(path: name))
        }
        for subscription in evidence.subscriptions ?? [] {
            text.field(
                "Switched off", "subscription \(subscription.name) of database \(subscription.database)")
        }
        for name in evidence.tablesToCopyAgain ?? [] {
            text.field("To be copied again", SQLName.words(path: name))
        }
        for name in evidence.reachesOut ?? [] { text.field("Reaches out if used", "database \(name)") }
        text.field("Began, ended", "\(evidence.startedAt), \(evidence.finishedAt)")
        text.field("Operation", "\(evidence.operationID), correlation \(evidence.correlationID)")
        text.heading("Checks made")
        for check in evidence.checks { text.item(check) }
        text.heading("Time taken")
        for step in evidence.steps { text.field(step.name, seconds(step.seconds)) }
        text.field("all together", seconds(evidence.totalSeconds))
        return text
    }

    static let columns = [
        "Copy", "Source Server", "Asked For", "Finished", "Took", "Copy Deleted", "Operation Id",
    ]

    static func row(_ kept: KeptEvidence) -> [String] {
        let evidence = kept.evidence
        return [
            kept.copyName, kept.sourceName,
            evidence.requestedTime ?? evidence.requestedTarget ?? RecoveryTarget.latest.words,
            evidence.finishedAt.wholeSeconds, seconds(evidence.totalSeconds),
            kept.copyDeletedAt?.wholeSeconds ?? (kept.isCopyThere ? "" : "unknown"), evidence.operationID,
        ]
    }

    /// With what is kept beside it.
    static func text(_ kept: KeptEvidence) -> PersonText {
        var text = self.text(kept.evidence)
        text.heading("The copy")
        text.field(
            "State",
            kept.copyDeletedAt.map { "deleted at \($0)" }
                ?? (kept.isCopyThere ? "there" : "gone; when it was deleted is not known"))
        text.field("Why", kept.copyDeletedBecause)
        text.field("Expiry", kept.expiry.map(words))
        for rule in kept.rules ?? [] {
            text.field(
                "Firewall rule",
                "\(rule.name): " + (rule.start == rule.end ? rule.start : "\(rule.start) to \(rule.end)"))
        }
        text.append(visitors(kept))
        if let exports = kept.exports, !exports.isEmpty {
            text.heading("What was exported")
            for export in exports { text.item(ExportView.words(export)) }
        }
        guard let log = kept.recoveryLog else { return text }
        text.heading("What PostgreSQL logged")
        if kept.recoveryLogOmitted > 0 {
            text.item("\(kept.recoveryLogOmitted) bytes before this are not kept")
        }
        for line in log.split(separator: "\n") { text.command(String(line)) }
        return text
    }

    private static func words(_ expiry: KeptEvidence.Expiry) -> String {
        let fate =
            switch expiry.fate {
            case .pending: "the copy is deleted then"
            case .held: "but held since \(expiry.heldSince?.description ?? "")"
            case .carriedOut: "the copy was deleted for it"
            case .deletedOtherwise: "the copy was deleted for something else"
            }
        return "\(expiry.time), chosen by \(expiry.chosenBy) at \(expiry.chosenAt); \(fate)"
    }

    /// Who was in the copy.
    private static func visitors(_ kept: KeptEvidence) -> PersonText {
        var text = PersonText()
        text.heading("Who was in the copy")
        guard let connections = kept.connections else {
            text.item("not known: nothing is kept of it")
            return text
        }
        for visitor in connections.visitors {
            let times = [visitor.first, visitor.last].compactMap { $0?.wholeSeconds }
            text.field(
                visitor.user,
                (visitor.database.isEmpty ? "replication" : "in database \(SQLName.quoted(visitor.database))")
                    + (visitor.address.isEmpty ? "" : " from \(visitor.address)")
                    + ", \(visitor.sessions) \(visitor.sessions == 1 ? "session" : "sessions")"
                    + (times.isEmpty ? "" : "\nfirst \(times[0]), last \(times[times.count - 1])"))
        }
        if connections.visitors.isEmpty { text.item("nobody") }
        if connections.refused > 0 {
            text.item(
                connections.refused == 1
                    ? "one attempt was turned away" : "\(connections.refused) attempts were turned away")
        }
        if !connections.isLogged {
            text.item("it is not all: log_connections or log_disconnections was off")
        }
        if connections.omittedBytes > 0 {
            text.item("\(connections.omittedBytes) bytes of earlier lines are counted and not kept")
        }
        return text
    }

    /// `orders (5f0c3a1e)`: the last part of a resource id says enough beside the server's own id.
    static func named(_ server: String, _ id: String) -> String {
        "\(server.split(separator: "/").last ?? "") (\(id))"
    }

    /// Short steps matter here: milliseconds are kept.
    private static func seconds(_ value: Double) -> String {
        ByteText.decimals(max(value, 0), 3) + " s"
    }

    /// A finished restore: the new server in brief, the evidence, and what to do next.
    static func text(_ result: RestoreResult) -> PersonText {
        var text = PersonText()
        text.heading("Server \(result.server.name) is \(result.server.state.rawValue)")
        text.field("Address", "\(result.server.host), port \(result.server.port)")
        text.field(
            "Admin login",
            result.server.administratorLogin + ", with the "
                + (result.hasNewPassword ? "new password" : "password of that time"))
        text.field("Expires", ServerView.expiry(result.server))
        for note in result.notes { text.field("Note", note) }
        text.append(self.text(result.evidence))
        if !result.followUp.isEmpty {
            text.heading("Not copied to the new server; run these if you need them")
            for command in result.followUp { text.command(command) }
        }
        return text
    }
}
