import Catalog
import Instance
import Platform
import PostgresClient
import PostgresFormat
public import ServiceModel

/// Reaching an attached server in another way.
extension ControlPlane {
    /// Changes how an attached server is reached, once it was reached that way: another password, another
    /// address, another certificate authority. Whoever is connected takes it over within a second or two,
    /// with a new connection where one is needed.
    ///
    /// Where the source bounds its slots by now, a permanent slot takes the place of a temporary one. A rate
    /// or a limit alone is changed without asking the source.
    public func reattach(_ server: ServerReference, _ request: ReattachRequest) throws -> AttachedServer {
        let row = try findComplete(server)
        guard let before = row.origin.attachment else {
            throw Problem(
                .operationNotSupported, "server '\(row.name)' was not attached",
                hint: "A server of pitr's own is changed with 'pitr update'.")
        }
        try AttachSurvey.validate(walLimit: request.walLimit)
        if request.maxRate != 0 { try AttachSurvey.validate(maxRate: request.maxRate) }
        let lock = try lockServer(row)
        defer { lock.release() }
        var attachment = before.changed(by: request)
        if request.asksSource {
            let stored = try connectionParameters(before, of: row).password
            let parameters = attachment.connection(password: request.password ?? stored, as: "pitr attach")
            let found = try lookAgain(at: parameters, row, attachment)
            if case .temporary(let name) = attachment.slot, found.slotKeepSize != nil {
                attachment.slot = .permanent(name: name)
                // Whoever receives makes it; from now on it is ours to drop.
                try DurableFiles.write(Array(name.utf8), to: paths.ownSlot(row.id))
            }
            attachment.slotBound = found.slotKeepSize ?? attachment.slotBound
        }
        if request.password != nil { attachment.passwordNumber = (before.passwordNumber ?? 0) + 1 }
        try perform(.update, server: row, for: nil) { _ in
            // Nobody reads it before the catalog says so, together with all else: whoever receives looks
            // every second. Where that fails the next password takes its place.
            if let password = request.password {
                let file = paths.sourcePassword(row.id, attachment.passwordNumber)
                try DurableFiles.write(Array(password.utf8), to: file)
            }
            try update(row.id) {
                $0.origin = .attached(attachment)
                ($0.host, $0.port) = (attachment.host, Int(attachment.port))
            }
        }
        if request.password != nil {
            try removeOldPasswords(of: row, but: attachment)
        }
        return AttachedServer(server: try showServer(server), notes: [])
    }

    /// Also those that an end in the midst of an earlier change left.
    private func removeOldPasswords(of row: ServerRow, but attachment: Attachment) throws {
        let first = paths.sourcePassword(row.id, nil)
        let used = paths.sourcePassword(row.id, attachment.passwordNumber)
        let folder = DurableFiles.parent(of: first)
        for name in try DurableFiles.list(folder) {
            let path = "\(folder)/\(name)"
            guard path == first || path.hasPrefix(first + "-"), path != used else { continue }
            _ = try DurableFiles.removeFile(path)
        }
    }

    private func lookAgain(
        at parameters: ConnectionParameters, _ row: ServerRow, _ attachment: Attachment
    ) throws -> ReplicatedServer {
        let found: ReplicatedServer
        do throws(Problem) {
            let connection = try ReplicationConnection(parameters)
            defer { connection.close() }
            found = try connection.describeServer()
        } catch {
            let request = AttachRequest(
                resourceGroup: row.resourceGroup, name: row.name, addresses: attachment.addresses,
                user: attachment.user)
            let finding = AttachSurvey.refusal(error, request)
            throw Problem(
                .operationNotSupported, "server '\(row.name)' cannot be reached like that",
                detail: finding.message, hint: finding.remedy)
        }
        guard row.systemIdentifier == String(found.identity.systemIdentifier), !found.isStandby else {
            throw Problem(
                .operationNotSupported,
                "the server at \(attachment.addressText) is not the one that was attached",
                detail: found.isStandby
                    ? "it is a standby"
                    : "its system identifier is \(found.identity.systemIdentifier)",
                hint: "Give the address of its primary, or attach that server under another name.")
        }
        return found
    }
}

extension Attachment {
    fileprivate func changed(by request: ReattachRequest) -> Attachment {
        var changed = self
        if let addresses = request.addresses, let first = addresses.first {
            (changed.host, changed.port) = (first.host, first.port)
            changed.alternatives = addresses.count > 1 ? Array(addresses.dropFirst()) : nil
            // A socket had none.
            if isLocal, !changed.isLocal { changed.security = .verifyFull }
        }
        changed.user = request.user ?? user
        changed.security = request.security ?? changed.security
        changed.rootCertificate = request.rootCertificate ?? rootCertificate
        changed.walLimit = request.walLimit ?? walLimit
        if let rate = request.maxRate { changed.maxRate = rate == 0 ? nil : rate }
        return changed
    }
}
