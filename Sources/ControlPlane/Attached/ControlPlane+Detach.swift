import Capture
import Catalog
import Platform
import PostgresClient
import PostgresFormat
public import ServiceModel

/// Letting go of an attached server.
extension ControlPlane {
    /// Detaches a server, or forgets an opened backup: a slot is dropped, its backups stay for five days
    /// unless they are purged.
    ///
    /// - Returns: the statements that are left to be run on the source, where its slot could not be dropped.
    public func detach(_ server: ServerReference, purge: Bool) throws -> [String] {
        let row = try find(server)
        guard !row.isOwn else {
            throw Problem(
                .operationNotSupported, "server '\(row.name)' was not attached",
                hint: "A server of pitr's own goes with 'pitr delete'.")
        }
        return try deleteServer(server, purge: purge)
    }

    /// Ends the receiving of a server that is being deleted, archives what is left here, and drops its slot
    /// last: nothing after that may hinder its deletion.
    ///
    /// - Returns: as `detach`.
    func endAttachment(_ row: ServerRow, _ attachment: Attachment) throws -> [String] {
        try refuseAwaited(row, attachment)
        // Whoever receives sees that it is not wanted any more within a second or two.
        guard
            let lock = try DirectoryLock.wait(
                paths.receiverLock(row.id), .exclusive, atMost: 30, cancellation: cancellation)
        else {
            throw Problem(
                .serverBusy, "another process still receives the WAL of server '\(row.name)'",
                hint: "End 'pitr receive' or 'pitr serve' and repeat it.")
        }
        defer { lock.release() }
        try WALReceiver.archiveRest(of: receiverFolder(row), to: layout(row))
        return dropSlot(row, attachment).map { [$0] } ?? []
    }

    /// Drops the slot that was made for a server, if one was.
    ///
    /// - Returns: the statement that drops it on the source, where it could not be dropped from here; until
    ///   then it holds WAL back.
    func dropSlot(_ row: ServerRow, _ attachment: Attachment) -> String? {
        guard case .permanent(let text) = attachment.slot, let name = SlotName(text),
            DurableFiles.exists(paths.ownSlot(row.id))
        else { return nil }
        let left = "SELECT pg_drop_replication_slot('\(name)')"
        do throws(Problem) {
            // A primary that was one before a promotion may have its slot still.
            let found = try connectionParameters(attachment, of: row).each.map {
                Self.dropSlot(name, at: $0, of: row)
            }
            let isDone = found.contains(.gone) && !found.contains(.unknown)
            return isDone ? nil : left
        } catch {
            return left
        }
    }

    private enum SlotEnd {
        case gone
        /// A standby, which has none.
        case standby
        case unknown
    }

    private static func dropSlot(
        _ name: SlotName, at parameters: ConnectionParameters, of row: ServerRow
    ) -> SlotEnd {
        do throws(Problem) {
            let connection = try ReplicationConnection(parameters)
            defer { connection.close() }
            // Another cluster at that address, or a standby, has slots of its own.
            let identifier = try connection.identifySystem().systemIdentifier
            guard row.systemIdentifier == String(identifier) else { return .unknown }
            let isThere = try connection.slotRestart(name) != nil
            if try connection.isStandby() { return isThere ? .unknown : .standby }
            if isThere { try connection.dropSlot(name) }
            return .gone
        } catch {
            return .unknown
        }
    }

    /// Nobody lets go of a stream that commits wait for: the source would stand still at once.
    private func refuseAwaited(_ row: ServerRow, _ attachment: Attachment) throws(Problem) {
        guard attachment.synchronousName != nil else { return }
        let names: String
        do throws(Problem) {
            let connection = try ReplicationConnection(try connectionParameters(attachment, of: row))
            defer { connection.close() }
            names = try connection.show("synchronous_standby_names")
        } catch {
            // Who does not answer does not wait for us in vain either, as far as anybody can tell.
            return
        }
        guard attachment.isNamed(in: names) else { return }
        throw Problem(
            .operationNotSupported, "commits on the source wait for the stream of server '\(row.name)'",
            detail: "its synchronous_standby_names is '\(names)'",
            hint: "Take that back first, on the source: \(AttachedFindings.stopWaiting)")
    }

    /// What is to be said of a slot that could not be dropped.
    static func slotStays(_ statement: String) -> String {
        "A slot stays on the source and holds WAL back. Drop it there, as a superuser: \(statement)"
    }
}
