import Capture
import Catalog
import GRDB
import Instance
import Notation
import Platform
import PostgresFormat
import Repository
public import ServiceModel

extension ControlPlane {
    /// On-demand backups a server may have at once, as in Azure.
    static let maximumOnDemand = 7

    func layout(_ row: ServerRow) -> RepositoryLayout {
        paths.layout(row.id)
    }

    public func createBackup(
        _ server: ServerReference, name: String?, isFast: Bool = false, for accepted: AcceptedWork? = nil
    ) throws -> BackupDetails {
        let (row, chosen) = try checkNewBackup(server, name: name, for: accepted)
        return try takeBackup(row, name: chosen, onDemand: true, isFast: isFast, accepted: accepted)
    }

    /// Checks whether an on-demand backup can be taken, and chooses its name.
    func checkNewBackup(
        _ server: ServerReference, name: String?, for accepted: AcceptedWork? = nil
    ) throws -> (ServerRow, String) {
        let row = try findComplete(server, for: accepted)
        if row.tier == ComputeTier.burstable.rawValue {
            throw Problem(
                .operationNotSupported, "on-demand backups are not supported on the Burstable tier",
                hint: "Change the tier with 'pitr update -n \(row.name) --tier GeneralPurpose --sku-name "
                    + "\(ComputeTier.generalPurpose.defaultSize.name)'.")
        }
        if let name { try Self.validate(backupName: name) }
        let known = try listBackups(server)
        guard known.filter({ $0.backupType == Self.onDemandType }).count < Self.maximumOnDemand else {
            throw Problem(
                .operationNotSupported,
                "server '\(row.name)' has \(Self.maximumOnDemand) on-demand backups, which is the most",
                hint: "Delete one that nobody will want to restore from, with 'pitr backup delete'.")
        }
        let chosen = name ?? generatedBackupName(known)
        if known.contains(where: { $0.name.lowercased() == chosen.lowercased() }) {
            throw Problem(
                .backupNameAlreadyExists, "server '\(row.name)' has a backup named '\(chosen)' already",
                hint: "Choose another name.")
        }
        return (row, chosen)
    }

    static let automaticType = "Full"
    static let onDemandType = "Customer On-Demand"

    private func generatedBackupName(_ known: [BackupDetails]) -> String {
        let now = clock.now().components
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
        let stem = "ondemandbackup-\(two(now.month))\(two(now.day))\(now.year)-"
        var number = 1
        while known.contains(where: { $0.name == stem + String(number) }) { number += 1 }
        return stem + String(number)
    }

    static func validate(backupName name: String) throws(Problem) {
        guard !name.isEmpty else { throw Problem(.invalidParameterValue, "Backup name cannot be empty.") }
        guard name.contains(where: { !$0.isWhitespace }) else {
            throw Problem(.invalidParameterValue, "Backup name cannot be empty or contain only whitespace.")
        }
        guard name.utf8.count <= 128 else {
            throw Problem(.invalidParameterValue, "Backup name cannot exceed 128 characters.")
        }
        guard name.wholeMatch(of: /[A-Za-z0-9][-A-Za-z0-9_.]*/) != nil, !name.hasSuffix(".incomplete"),
            !name.hasSuffix(".deleting")
        else {
            throw Problem(
                .invalidParameterValue, "'\(name)' is not a backup name",
                hint: "Use letters, digits, '-', '_' and '.'; begin with a letter or digit.")
        }
    }

    /// Takes a base backup of a running server. A nil name is an automatic one, for when it completed.
    ///
    /// - Parameters:
    ///   - isFast: a source that is not ours writes its checkpoint at once, as ours always do.
    ///   - caller: for whom; nil for this control plane's own.
    ///   - accepted: the operation that was accepted for it, if any.
    func takeBackup(
        _ row: ServerRow, name: String?, onDemand: Bool, isFast: Bool = false, for caller: Caller? = nil,
        accepted: AcceptedWork? = nil
    ) throws -> BackupDetails {
        try requireServer(row)
        let lock = try lockBackups(row)
        defer { lock.release() }
        let shared = try lockServer(row, .shared)
        defer { shared.release() }
        guard try catalog.read({ try ServerRow.fetchOne($0, key: row.id) })?.phase == .complete else {
            throw Problem(.resourceNotFound, "server '\(row.name)' was deleted before its backup began")
        }
        return try perform(
            .backup, server: row, properties: ["source": onDemand ? "on-demand" : "automatic"],
            caller: caller, for: accepted
        ) { _ in
            Self.details(try capture(row, name: name, onDemand: onDemand, isFast: isFast))
        }
    }

    /// Whoever only looks whether a backup is taken has the lock for a moment, and is waited for.
    func lockBackups(_ row: ServerRow) throws(Problem) -> DirectoryLock {
        let lock = try DirectoryLock.wait(
            paths.backupLock(row.id), .exclusive, atMost: 1, cancellation: cancellation)
        if let lock { return lock }
        throw Problem(
            .serverBusy, "another backup of server '\(row.name)' is in progress",
            hint: "Wait until it has finished.")
    }

    /// Takes a base backup of a server that is run here.
    func captureOwn(_ row: ServerRow, name: String?, onDemand: Bool) throws -> BackupDescriptor {
        guard state(row) == .ready else {
            throw Problem(
                .serverIsNotReady, "server '\(row.name)' is not running, so it cannot be backed up",
                hint: "Start it with 'pitr start -n \(row.name)'.")
        }
        try awaitSessions(row)
        let instance = try instance(row)
        RestoreFaults.reached("backup: begin")
        progress.begin("backup of \(row.name)", totalBytes: nil)
        defer { progress.end() }
        var capture = BaseBackupCapture(
            connection: try instance.connectionParameters(), dataDirectory: instancePaths(row).data,
            layout: layout(row))
        capture.reservedBytes = try diskRoom(layout(row).backups).reserve
        capture.archivingTrouble = {
            self.archivingStall(row).map { stall in
                "nothing has been archived since \(stall.since), \(stall.count) files wait: \(stall.reason)"
            }
        }
        let descriptor = try capture.run(
            name: name.map { .given($0) } ?? .atCompletion(Identifiers.automaticBackupName),
            source: onDemand ? .onDemand : .automatic,
            progress: FaultyProgress(prefix: "backup: ", inner: progress), cancellation: cancellation)
        RestoreFaults.reached("backup: complete")
        return descriptor
    }

    static func details(_ backup: BackupDescriptor) -> BackupDetails {
        var details = BackupDetails(
            name: backup.name,
            backupType: backup.source == .onDemand ? Self.onDemandType : Self.automaticType,
            source: backup.source == .onDemand ? "Customer Initiated" : "Automatic",
            completedTime: backup.stopTime, startLSN: backup.startLSN, stopLSN: backup.stopLSN,
            timeline: backup.timeline, totalBytes: backup.totalBytes, storedBytes: backup.storedBytes,
            storage: backup.storage.rawValue)
        details.passedOver = backup.passedOver
        return details
    }

    public func listBackups(_ server: ServerReference) throws -> [BackupDetails] {
        try BackupRepository(layout: layout(find(server))).list().compactMap { stored in
            guard let backup = stored.descriptor else { return nil }
            var details = Self.details(backup)
            details.verdict = stored.lastCheck.map { BackupVerdict($0) }
            return details
        }.sorted { $0.completedTime < $1.completedTime }
    }

    public func showBackup(_ server: ServerReference, name: String) throws -> BackupDetails {
        guard let found = try listBackups(server).first(where: { $0.name.lowercased() == name.lowercased() })
        else {
            throw Problem(
                .resourceNotFound, "The backup '\(name)' of server '\(server.name)' was not found.",
                hint: "List them with 'pitr backup list -s \(server.name)'.")
        }
        return found
    }

    @discardableResult
    func checkBackupDeletion(_ server: ServerReference, name: String) throws -> BackupDetails {
        let backup = try showBackup(server, name: name)
        guard backup.backupType == Self.onDemandType else {
            throw Problem(
                .operationNotSupported, "automatic backups cannot be deleted",
                hint: "They expire by themselves when the retention period has passed.")
        }
        return backup
    }

    public func deleteBackup(
        _ server: ServerReference, name: String, for accepted: AcceptedWork? = nil
    ) throws {
        let row = try findComplete(server, for: accepted)
        let backup = try checkBackupDeletion(server, name: name)
        guard let pin = try DirectoryLock.attempt(paths.pin(row.id)) else {
            throw Problem(
                .serverBusy, "backups of server '\(row.name)' are in use by a restore",
                hint: "Wait until it has finished.")
        }
        defer { pin.release() }
        try perform(
            .deleteBackup, server: row, properties: ["backup": backup.name], for: accepted
        ) { _ in
            try BackupRepository(layout: layout(row)).delete(backup.name)
        }
    }

    // MARK: In the background

    /// Has a process of its own take the first backup of a server that was just restored.
    func backUpInBackground(_ row: ServerRow) throws -> String {
        let id = Identifiers.uuid()
        guard let program = WALHelper.executable() else {
            throw Problem(.system, "cannot tell where the running program lies")
        }
        let folder = paths.operation(id)
        // Not flushed: the process that reads it does not outlive a crash of the machine either.
        try DurableFiles.makeDirectories(folder, durable: false)
        let details = try CatalogJSON.text(["server": row.id, "caller": caller.name])
        try DurableFiles.write(Array(details.utf8), to: folder + "/request.json", durable: false)
        _ = try runner.spawnDetached(
            Command(program, ["_backup-worker", "--operation", id, "--home", paths.home]),
            log: folder + "/worker.log")
        return id
    }

    public func runBackupOperation(id: String) throws {
        let folder = paths.operation(id)
        let bytes = try DurableFiles.read(folder + "/request.json")
        let request = try CatalogJSON.value([String: String].self, String(decoding: bytes, as: UTF8.self))
        guard let server = request["server"],
            let row = try catalog.read({ try ServerRow.fetchOne($0, key: server) })
        else { throw Problem(.resourceNotFound, "the operation '\(id)' names no server") }
        do {
            // The process of its own works for whoever restored the server.
            let caller = request["caller"].map { Caller(name: $0) }
            _ = try takeBackup(row, name: nil, onDemand: false, for: caller)
        } catch {
            // A failure's log stays for whoever looks into it; a backup that was called off leaves nothing,
            // and neither does that of a server that was deleted first.
            if [.canceled, .resourceNotFound].contains(Self.problem(from: error).code) {
                try DurableFiles.removeTree(folder)
            }
            throw error
        }
        try DurableFiles.removeTree(folder)
    }
}
