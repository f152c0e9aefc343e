import Capture
import Catalog
import GRDB
import Instance
public import Platform
import PostgresFormat
import Repository
public import ServiceModel

/// Opening a backup and WAL that somebody else made.
extension ControlPlane {
    /// What is in it, and up to when it is good. Nothing is written anywhere, and nothing of ours is needed.
    ///
    /// Throws `.invalidParameterValue` for a place where there is no base backup, `.canceled`, and what the
    /// system refuses; whatever is wrong with the backup is in the answer.
    public static func checkOpen(
        _ request: OpenRequest, progress: any ProgressReporter, cancellation: CancellationFlag
    ) throws(Problem) -> OpenReport {
        do throws(Problem) {
            let found = try FoundBackupExamination(
                findBase(request), wal: request.wal, progress: progress, cancellation: cancellation
            ).look()
            return OpenReport(
                found, needs: needs(found.major),
                unreadable: ServiceAccount.firstUnreadable(at: places(request, found.base)))
        } catch {
            switch error.code {
            case .backupDamaged, .operationNotSupported, .archiveConflict, .walDamaged, .walMissing:
                return OpenReport(refused: error)
            default: throw error
            }
        }
    }

    /// Opens it: brings it into a repository of its own, and gives it a name. What lies there is only read.
    ///
    /// A failure or a kill leaves nothing of it.
    public func openBackup(_ request: OpenRequest) throws -> OpenedServer {
        let name = request.name.lowercased()
        try Self.validate(serverName: name)
        let base = try Self.findBase(request)
        let (row, lock) = try claimOpened(request, name, base)
        defer { lock.release() }
        var notes: [String] = []
        do {
            try perform(.create, server: row, for: nil) { _ in notes = try build(row, request, base) }
        } catch {
            discard(row)
            throw explained(error, request, base)
        }
        let reference = ServerReference(resourceGroup: row.resourceGroup, name: row.name)
        return OpenedServer(server: try showServer(reference), notes: notes)
    }

    /// Where all of it lies.
    private static func places(_ request: OpenRequest, _ base: FoundBase) -> [String] {
        let parts = request.earlier + [base.path] + base.tablespaces.values.sorted()
        return parts + base.folders + request.wal
    }

    /// What failed, with what to do where that was somebody else's file.
    private func explained(_ error: any Error, _ request: OpenRequest, _ base: FoundBase) -> any Error {
        guard let problem = error as? Problem, problem.code == .system, problem.hint == nil,
            let path = ServiceAccount.firstUnreadable(at: Self.places(request, base))
        else { return error }
        var explained = problem
        explained.hint = OpenReport.letRead(path, account.name)
        return explained
    }

    /// What a restore lacks on this machine; nil where the version is installed.
    private static func needs(_ major: Int) -> Problem? {
        do throws(Problem) {
            _ = try PostgresInstallation.discover(major: major)
            return nil
        } catch {
            return error
        }
    }

    private static func findBase(_ request: OpenRequest) throws(Problem) -> FoundBase {
        switch request.kind {
        case .base:
            try FoundBase.find(
                at: request.base, with: request.earlier, backup: request.backup,
                tablespaces: request.tablespaces)
        case .backrest(let stanza):
            try BackrestRepository(at: request.base, stanza: stanza).base(request.backup)
        }
    }

    private func claimOpened(
        _ request: OpenRequest, _ name: String, _ base: FoundBase
    ) throws -> (ServerRow, DirectoryLock) {
        let asked = try request.location.map(AzureLocation.require)?.name
        let group = try resolveGroup(request.resourceGroup, createIfMissing: true, location: asked)
        let (tier, size) = try Self.resolveSize(tier: "GeneralPurpose", sku: nil)
        return try claim(for: nil) { _ in
            // What its version is shows when it is read. No two rows have one address: this is nobody's.
            let id = Identifiers.fresh()
            var row = ServerRow(
                id: id, resourceGroup: group.name, name: name,
                location: asked ?? group.location, tags: request.tags, phase: .provisioning,
                shouldRun: false, createdAt: clock.now(),
                version: String(PostgresInstallation.supported.upperBound), postgresVersion: "",
                tier: tier.rawValue, skuName: size.name,
                storageSizeGiB: 128, storageType: "Premium_LRS", storageAutoGrow: false,
                backupRetentionDays: BackupRetention.standardDays, geoRedundantBackup: false,
                publicNetworkAccess: true,
                administratorLogin: request.adminUser ?? "postgres", availabilityZone: nil,
                host: "\(id).invalid", port: 0)
            row.origin = .opened(
                OpenedFolder(
                    base: base.path, wal: base.folders + request.wal, form: base.openedForm,
                    openedAt: clock.now()))
            return row
        } listen: {
            // Nobody listens: there is no server behind it.
            LoopbackAddress.Endpoint(address: IPv4Address.loopback, port: 0)
        }
    }

    /// Answers what is to be said of what was opened.
    private func build(_ row: ServerRow, _ request: OpenRequest, _ base: FoundBase) throws -> [String] {
        RestoreFaults.reached("open: begin")
        try DurableFiles.makeDirectories(paths.server(row.id))
        let examination = FoundBackupExamination(
            base, wal: request.wal, progress: FaultyProgress(prefix: "open: ", inner: progress),
            cancellation: cancellation)
        var opened = OpenedBackup(
            examination, into: layout(row), staging: paths.server(row.id) + "/staging", serverID: row.id)
        opened.reservedBytes = try diskRoom(layout(row).backups).reserve
        let (found, _) = try opened.bring(.atCompletion(Identifiers.automaticBackupName))
        RestoreFaults.reached("open: complete")
        try update(row.id) {
            $0.version = String(found.major)
            $0.postgresVersion = String(found.major)
            $0.systemIdentifier = String(found.systemIdentifier)
            $0.phase = .complete
        }
        let report = OpenReport(found, needs: Self.needs(found.major))
        return report.findings.filter { $0.level == .warning }.map { finding in
            "\(finding.subject): \(finding.message)." + (finding.remedy.map { " \($0)" } ?? "")
        }
    }

    /// What `doctor` says of an opened backup.
    func openedFindings(_ row: ServerRow, _ opened: OpenedFolder) -> [DoctorFinding] {
        guard row.phase == .complete else { return [] }
        var message = "an opened backup, brought in from '\(opened.base)'"
        if let needs = openedNeeds(row) { message += "; it needs \(needs)" }
        return [DoctorFinding(level: .ok, subject: "server \(row.name)", message: message, remedy: nil)]
    }

    /// What an opened backup cannot be restored without, in words; nil for servers, whose own findings say
    /// it.
    func openedNeeds(_ row: ServerRow) -> String? {
        guard row.origin.opened != nil, row.phase == .complete else { return nil }
        do throws(Problem) {
            _ = try installation(row)
            return nil
        } catch {
            return PostgresInstallation.needed(row.version, error)
        }
    }
}
