import Catalog
import Instance
import PostgresClient
import Platform
import ServiceModel
import WALEvents

/// What a copy does not do by itself any more, and how a person has it done again.
struct CopyWays {
    let evidence: RestoreEvidence
    let copy: ServerRow
    let paths: InstancePaths
    let kind: OperationKind

    private var subscriptions: [RestoreEvidence.Subscription] { evidence.subscriptions ?? [] }

    /// Commands that give each subscription a slot of the copy's own.
    var commands: [String] {
        subscriptions.filter { $0.slot != nil }.flatMap { subscription -> [String] in
            let slot = Self.newSlot(of: subscription.name, copy: copy.name)
            let made = "SELECT pg_create_logical_replication_slot('\(slot)', 'pgoutput'"
            let name = SQLText.identifier(subscription.name)
            let session = [
                "psql", "-h", paths.socketDirectory, "-p", String(copy.port), "-U",
                paths.superuser, "-d", subscription.database,
            ].map { Command.shellQuoted($0) }.joined(separator: " ")
            return [
                "psql PUBLISHER -c "
                    + Command.shellQuoted(made + (subscription.isTwoPhase ? ", false, true)" : ")")),
                session + " -c "
                    + Command.shellQuoted("ALTER SUBSCRIPTION \(name) SET (slot_name = '\(slot)')") + " -c "
                    + Command.shellQuoted("ALTER SUBSCRIPTION \(name) ENABLE"),
            ]
        }
    }

    /// What to know before these are used.
    var notes: [String] {
        var notes: [String] = []
        for subscription in subscriptions {
            let name = "Subscription \(subscription.name) of database \(subscription.database)"
            if let slot = subscription.slot {
                notes.append(
                    "\(name) is switched off here, and has no slot: the publisher's slot '\(slot)' is the "
                        + "source's, and was left alone. " + Self.warning(kind, slot: slot))
            } else {
                notes.append("\(name) is switched off here, and has no slot, as in the source.")
            }
        }
        if let tables = evidence.tablesToCopyAgain, !tables.isEmpty {
            let names = tables.map(SQLName.words(path:)).joined(separator: ", ")
            notes.append(
                "The first copying of \(names) had not ended: empty them, and have "
                    + "them copied with ALTER SUBSCRIPTION … REFRESH PUBLICATION.")
        }
        return notes
    }

    private static func warning(_ kind: OperationKind, slot: String) -> String {
        if kind == .revive {
            return "If this server takes the deleted one's place, was revived in its last state, and nothing "
                + "else uses the slot, slot_name = '\(slot)' goes on where it ended, and no new slot is needed. "
                + "Until somebody uses or drops it, the publisher keeps WAL for it."
        }
        return "A copy that used it would take changes away from the source. The commands for a new one have "
            + "PUBLISHER where the publisher's connection string belongs; that slot begins when it is made: "
            + "what changed there since the copy's state has to be brought in otherwise."
    }

    /// A name for a slot: at most 63 bytes of small letters, digits and underscores.
    static func newSlot(of subscription: String, copy: String) -> String {
        let text = (subscription + "_" + copy).lowercased().utf8.map { byte -> UInt8 in
            let isPlain =
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            return isPlain ? byte : UInt8(ascii: "_")
        }
        return String(decoding: text.suffix(63), as: UTF8.self)
    }
}
