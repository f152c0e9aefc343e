public import Platform
public import PostgresFormat

/// The calls that the faces make. (Bodies are being written.)
extension ControlPlane {
    private var missing: Problem { Problem(.operationNotSupported, "not there yet") }

    public func createGroup(name: String, location: String?, tags: [String: String]) throws -> GroupDetails { throw missing }
    public func listGroups() throws -> [GroupDetails] { throw missing }
    public func showGroup(_ name: String) throws -> GroupDetails { throw missing }
    public func deleteGroup(_ name: String) throws { throw missing }

    public func createServer(_ request: CreateServerRequest) throws -> CreatedServer { throw missing }
    public func showServer(_ server: ServerReference) throws -> ServerDetails { throw missing }
    /// `resourceGroup` nil lists all groups.
    public func listServers(resourceGroup: String?) throws -> [ServerDetails] { throw missing }
    public func listDeletedServers(resourceGroup: String?) throws -> [ServerDetails] { throw missing }
    public func updateServer(_ server: ServerReference, _ request: UpdateServerRequest) throws -> ServerDetails { throw missing }
    public func deleteServer(_ server: ServerReference) throws { throw missing }
    public func startServer(_ server: ServerReference) throws { throw missing }
    public func stopServer(_ server: ServerReference) throws { throw missing }
    public func restartServer(_ server: ServerReference) throws { throw missing }
    /// Starts every server that should run; the outcomes in words.
    public func startAll() throws -> [MaintenanceAction] { throw missing }
    public func listSKUs() -> [SKUDetails] { [] }

    public func planRestore(_ request: RestoreRequest) throws -> PlannedRestore { throw missing }
    /// Plans, calls `announce` with the plan, then carries out that plan and nothing else.
    public func restore(_ request: RestoreRequest, announce: (PlannedRestore) -> Void) throws -> RestoreResult { throw missing }
    /// The newest deleted server of that name, restored to its last moment. `sourceServer`: name or id.
    public func reviveDropped(_ request: RestoreRequest, announce: (PlannedRestore) -> Void) throws -> RestoreResult { throw missing }
    /// The evidence kept with a restored server; nil for others.
    public func evidence(of server: ServerReference) throws -> RestoreEvidence? { throw missing }

    /// A nil name generates `ondemandbackup-MMDDYYYY-k`; the details tell it.
    public func createBackup(_ server: ServerReference, name: String?) throws -> BackupDetails { throw missing }
    public func listBackups(_ server: ServerReference) throws -> [BackupDetails] { throw missing }
    public func showBackup(_ server: ServerReference, name: String) throws -> BackupDetails { throw missing }
    public func deleteBackup(_ server: ServerReference, name: String) throws { throw missing }
    /// The hidden worker that takes a catalogued backup in the background.
    public func runBackupOperation(id: String) throws { throw missing }

    public func createFirewallRule(_ server: ServerReference, _ rule: FirewallRule) throws -> FirewallRule { throw missing }
    public func updateFirewallRule(_ server: ServerReference, name: String, start: String?, end: String?) throws -> FirewallRule { throw missing }
    public func listFirewallRules(_ server: ServerReference) throws -> [FirewallRule] { throw missing }
    public func showFirewallRule(_ server: ServerReference, name: String) throws -> FirewallRule { throw missing }
    public func deleteFirewallRule(_ server: ServerReference, name: String) throws { throw missing }

    public func listParameters(_ server: ServerReference) throws -> [ParameterDetails] { throw missing }
    public func showParameter(_ server: ServerReference, name: String) throws -> ParameterDetails { throw missing }
    /// A nil value resets to the default.
    public func setParameter(_ server: ServerReference, name: String, value: String?) throws -> ParameterDetails { throw missing }

    public func createDatabase(_ server: ServerReference, name: String, charset: String, collation: String) throws -> DatabaseDetails { throw missing }
    public func listDatabases(_ server: ServerReference) throws -> [DatabaseDetails] { throw missing }
    public func showDatabase(_ server: ServerReference, name: String) throws -> DatabaseDetails { throw missing }
    public func deleteDatabase(_ server: ServerReference, name: String) throws { throw missing }

    public func createRestorePoint(_ server: ServerReference, name: String) throws -> RestorePointDetails { throw missing }
    /// Newest first. `from` and `to` are inclusive.
    public func activityLog(resourceGroup: String?, resourceID: String?, correlationID: String?, caller: String?, status: String?, from: PostgresTimestamp?, to: PostgresTimestamp?, limit: Int) throws -> [ActivityEvent] { throw missing }
    /// Unpacks an archived segment (or .history, .backup, .partial file) into the open file descriptor.
    public func getWAL(_ server: ServerReference, segment: String, into descriptor: Int32) throws { throw missing }
    public func maintain(asOf: PostgresTimestamp?, dryRun: Bool) throws -> [MaintenanceAction] { throw missing }
    public func doctor() throws -> [DoctorFinding] { throw missing }
}
