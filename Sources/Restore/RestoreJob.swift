public import Holdings
public import Instance
public import Planning
public import Platform
public import PostgresFormat
public import Repository

/// Everything a restore needs besides its plan: where to read, where to build, and by whom it is watched.
public struct RestoreJob: Sendable {
    public var plan: RestorePlan
    public var layout: RepositoryLayout
    public var wal: HeldWAL
    public var systemIdentifier: UInt64
    public var installation: PostgresInstallation
    public var runner: any CommandRunner
    /// The account that runs everything.
    public var account: String
    /// The new server's directory: made by the restore, must not exist.
    public var serverDirectory: String
    /// The new server's PGDATA, below `serverDirectory`.
    public var dataDirectory: String
    /// The operation's own folder: the recovery configuration lives and dies here.
    public var operationDirectory: String
    /// A short directory for the recovering server's socket.
    public var socketDirectory: String
    public var memory: RecoveryMemory
    public var progress: any ProgressReporter
    public var cancellation: CancellationFlag
    /// Work for the copy that is done while PostgreSQL recovers. The last step's flush makes it durable.
    public var meanwhile: (@Sendable () throws(Problem) -> Void)?
    /// The source was not made by us: the tool's own superuser is not there yet.
    public var isForeign = false
    /// See `PostgresInstance.launcher`.
    public var launcher: [String] = []
    /// What is left out of relations' files, for a copy in which only some rows are read; nil for nothing.
    public var partial: PartialLayout?
    /// Where else that work made something: flushed as well if it is another file system than the copy's.
    public var madeMeanwhile: [String] = []

    public init(
        plan: RestorePlan, layout: RepositoryLayout, wal: HeldWAL, systemIdentifier: UInt64,
        installation: PostgresInstallation, runner: any CommandRunner, account: String,
        serverDirectory: String,
        dataDirectory: String, operationDirectory: String, socketDirectory: String, memory: RecoveryMemory,
        progress: any ProgressReporter, cancellation: CancellationFlag
    ) {
        self.plan = plan
        self.layout = layout
        self.wal = wal
        self.systemIdentifier = systemIdentifier
        self.installation = installation
        self.runner = runner
        self.account = account
        self.serverDirectory = serverDirectory
        self.dataDirectory = dataDirectory
        self.operationDirectory = operationDirectory
        self.socketDirectory = socketDirectory
        self.memory = memory
        self.progress = progress
        self.cancellation = cancellation
    }

    /// Bytes without which the copy cannot be made.
    public var leastBytes: UInt64 {
        plan.leastBytes - (partial.map { plan.dataBytes - min(plan.dataBytes, $0.bytes) } ?? 0)
    }

    /// pg_control waits here until everything else is in place.
    var controlFile: String { operationDirectory + "/pg_control" }
    /// The configuration files of PGDATA wait here: without them nobody can start the copy by accident.
    var asideDirectory: String { operationDirectory + "/aside" }
    /// One empty file for each segment that recovery still has to wait for, by its name.
    var awaitedDirectory: String { operationDirectory + "/awaited" }
    var recoveryConfiguration: String { operationDirectory + "/conf" }
    var recoveryLog: String { operationDirectory + "/log" }

    /// The recovering server: the copy's data with a configuration of the operation.
    public var recovering: PostgresInstance {
        var instance = PostgresInstance(
            installation: installation,
            paths: InstancePaths(
                data: dataDirectory, conf: recoveryConfiguration, log: recoveryLog,
                socketDirectory: socketDirectory),
            runner: runner)
        instance.lockTimeoutSeconds = Self.lockTimeoutSeconds
        instance.launcher = launcher
        return instance
    }

    /// In a server that has just recovered only prepared transactions hold locks: who waits, waits for ever.
    static let lockTimeoutSeconds = 2
}

/// The steps of a restore, in order, as an operator names them.
public enum RestoreStep: String, Sendable, CaseIterable {
    case claim
    case layOut = "lay out"
    case stageWAL = "stage WAL"
    case arm
    case recover
    case prove
    case settle
}

/// What was seen once recovery had ended: the proof that the copy is what the plan promised.
public struct RestoreProof: Sendable {
    public var endLSN: LSN
    public var timeline: TimelineID
    /// The reason that PostgreSQL wrote into the new timeline's history.
    public var reason: String
    public var preparedTransactions: [String]
    /// Databases that were being dropped when the state was taken.
    public var invalidDatabases: [String] = []
    /// Unlogged tables and sequences, empty in the copy.
    public var unloggedRelations: [String] = []
    var unloggedSequences: [UnloggedSequence] = []
    /// Switched off, and without their slots.
    public var subscriptions: [CutSubscription] = []
    /// Tables of subscriptions whose first copying had not ended; the copy's subscriptions forgot them.
    public var tablesToCopyAgain: [String] = []
    /// What reaches out of the copy when it is used, in words.
    public var reachesOut: [String] = []
    public var checks: [String]
    public var steps: [(RestoreStep, Double)]
}
