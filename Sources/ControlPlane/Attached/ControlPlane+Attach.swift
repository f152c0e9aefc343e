import Capture
import Catalog
import GRDB
import Instance
import Platform
import PostgresClient
import PostgresFormat
import Repository
public import ServiceModel

/// Attaching a server that is there already, and letting go of it.
extension ControlPlane {
    /// What attaching needs on the source, and what is missing there. Nothing is changed.
    public func checkAttach(_ request: AttachRequest) throws -> AttachReport {
        let survey = try AttachSurvey(request)
        return survey.report(survey.look().1)
    }

    /// Attaches a server: its slot, its first base backup, and its place in the catalog.
    ///
    /// On the source nothing is made but the slot. A failure takes that back.
    public func attach(_ request: AttachRequest) throws -> AttachedServer {
        let survey = try AttachSurvey(request)
        let name = request.name.lowercased()
        try Self.validate(serverName: name)
        try Self.validate(retention: request.backupRetentionDays)
        let (found, findings) = survey.look()
        guard let server = found, let attachable = Self.attachable(findings) else {
            let first = findings.first { $0.level == .problem }
            throw Problem(
                .operationNotSupported, "the server at \(request.place) cannot be attached",
                detail: first?.message, hint: first?.remedy)
        }
        try requireNotAttached(request)
        let attachment = try survey.attachment(to: server)
        let (row, lock) = try claimAttached(request, name, server, attachment)
        defer { lock.release() }
        do {
            try perform(.create, server: row, for: nil) { _ in try build(row, request, server, attachment) }
        } catch {
            discard(row)
            throw error
        }
        let reference = ServerReference(resourceGroup: row.resourceGroup, name: row.name)
        return AttachedServer(
            server: try showServer(reference),
            notes: attachable + [
                "From here on its WAL has to be received: by 'pitr serve', or 'pitr receive -n \(row.name)'."
            ])
    }

    /// The remarks on a server that can be attached; nil for one that cannot.
    private static func attachable(_ findings: [Finding]) -> [String]? {
        guard !findings.contains(where: { $0.level == .problem }) else { return nil }
        return findings.filter { $0.level == .warning }.map { finding in
            "\(finding.subject): \(finding.message)." + (finding.remedy.map { " \($0)" } ?? "")
        }
    }

    private func requireNotAttached(_ request: AttachRequest) throws {
        let rows = try rows(resourceGroup: nil, dropped: false)
        guard
            let other = rows.first(where: { row in
                let own = row.origin.attachment?.addresses
                return (own ?? [SourceAddress(host: row.host, port: UInt16(clamping: row.port))]).contains {
                    request.addresses.contains($0)
                }
            })
        else { return }
        throw Problem(
            .operationNotSupported, "\(request.place) is server '\(other.name)' here already",
            hint: other.isOwn
                ? "It archives by itself, and nothing needs to be attached."
                : "Detach it first, if it is to be another one.")
    }

    private func claimAttached(
        _ request: AttachRequest, _ name: String, _ server: ReplicatedServer, _ attachment: Attachment
    ) throws -> (ServerRow, DirectoryLock) {
        let asked = try request.location.map(AzureLocation.require)?.name
        let group = try resolveGroup(request.resourceGroup, createIfMissing: true, location: asked)
        let (tier, size) = try Self.resolveSize(tier: "GeneralPurpose", sku: nil)
        return try claim(for: nil) { _ in
            var row = ServerRow(
                id: Identifiers.fresh(), resourceGroup: group.name, name: name,
                location: asked ?? group.location, tags: request.tags, phase: .provisioning,
                shouldRun: false, createdAt: clock.now(), version: String(server.version / 10_000),
                postgresVersion: Self.minor(server.version), tier: tier.rawValue, skuName: size.name,
                storageSizeGiB: 128, storageType: "Premium_LRS", storageAutoGrow: false,
                backupRetentionDays: request.backupRetentionDays ?? BackupRetention.standardDays,
                geoRedundantBackup: false,
                publicNetworkAccess: true, administratorLogin: request.adminUser ?? "postgres",
                availabilityZone: nil, host: attachment.host, port: Int(attachment.port))
            row.origin = .attached(attachment)
            row.systemIdentifier = String(server.identity.systemIdentifier)
            return row
        } listen: {
            // It listens where it does already.
            LoopbackAddress.Endpoint(address: IPv4Address.loopback, port: attachment.port)
        }
    }

    /// `15.18` of 150018.
    private static func minor(_ version: Int) -> String { "\(version / 10_000).\(version % 10_000)" }

    private func build(
        _ row: ServerRow, _ request: AttachRequest, _ server: ReplicatedServer, _ attachment: Attachment
    ) throws {
        try DurableFiles.makeDirectories(paths.server(row.id))
        if let password = request.password {
            try DurableFiles.write(Array(password.utf8), to: paths.sourcePassword(row.id, nil))
        }
        try layout(row).create(
            RepositoryIdentity(
                serverID: row.id, systemIdentifier: server.identity.systemIdentifier,
                postgresMajor: server.version / 10_000, segmentSize: server.segmentSize))
        if case .permanent(let text) = attachment.slot, let name = SlotName(text) {
            let connection = try ReplicationConnection(connectionParameters(attachment, of: row))
            defer { connection.close() }
            guard try connection.slotRestart(name) == nil else {
                throw Problem(
                    .operationNotSupported, "the source has a slot '\(name)' already",
                    hint: "Give another name with --slot, or drop that one if nobody uses it.")
            }
            try DurableFiles.write(Array(text.utf8), to: paths.ownSlot(row.id))
            RestoreFaults.reached("attach: slot")
            // Before the base, so that no WAL of it can be missing.
            try connection.createSlot(name, .permanent)
        }
        do {
            try takeFirstBackup(row, request, attachment)
        } catch {
            guard let left = dropSlot(row, attachment) else { throw error }
            var problem = Self.problem(from: error)
            problem.hint = [problem.hint, Self.slotStays(left)].compactMap { $0 }.joined(separator: " ")
            throw problem
        }
        RestoreFaults.reached("attach: complete")
        try update(row.id) { $0.phase = .complete }
    }

    private func takeFirstBackup(
        _ row: ServerRow, _ request: AttachRequest, _ attachment: Attachment
    ) throws {
        RestoreFaults.reached("attach: base")
        let backups = try lockBackups(row)
        defer { backups.release() }
        _ = try streamBackup(
            row, attachment, name: nil, onDemand: false, isFast: request.isFast)
    }
}
