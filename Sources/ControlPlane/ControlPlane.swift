import Catalog
import Holdings
import Instance
import Notation
public import Platform
import PostgresFormat
import Repository
public import ServiceModel

/// What an Azure control plane does, on this machine: servers, their backups, restores, rules and records.
///
/// Every call blocks until its work is done. Processes share one state directory safely: the catalog is
/// transactional, and per-server locks keep two changes of one server apart.
public final class ControlPlane: Sendable {
    /// The layout of the state directory that this version writes.
    static let homeFormat = 1

    public let account: ServiceAccount
    let paths: HomePaths
    let catalog: CatalogStore
    /// Keeps the catalog's file from being exchanged while this process has it open.
    private let catalogLock: DirectoryLock
    let progress: any ProgressReporter
    let cancellation: CancellationFlag
    let clock: any WallClock
    let runner: any CommandRunner
    private let knownInstallation = KnownInstallation()
    /// Who does what this control plane is asked for.
    public let caller: Caller
    /// Runs the steps of schedules; nil where none are run.
    let stepsMaker: DrillStepsMaker?
    /// Whether nothing but the repositories of a paired location is read.
    let isOfPair: Bool
    /// What was found out about sources before; nil where all is looked at each time.
    let sourceMemory: SourceMemory?

    /// Opens (and on first use makes) the state directory. A newer layout is refused with `.formatTooNew`.
    ///
    /// - Parameters:
    ///   - caller: who asks.
    ///   - stepsMaker: runs the steps of schedules.
    public init(
        account: ServiceAccount, progress: any ProgressReporter = SilentProgress(),
        cancellation: CancellationFlag = CancellationFlag(), clock: any WallClock = SystemWallClock(),
        runner: any CommandRunner = SystemCommands(), caller: Caller = .local,
        stepsMaker: DrillStepsMaker? = nil
    ) throws {
        self.account = account
        paths = HomePaths(home: account.home)
        self.progress = progress
        self.cancellation = cancellation
        self.clock = clock
        self.runner = runner
        try Self.prepareHome(paths)
        catalogLock = try DirectoryLock.wait(paths.catalogLock, .shared)
        // An empty catalog in the place of a lost one would give out the servers' names and addresses again.
        if CatalogRebuild.isMissing(paths), try !CatalogRebuild.serverIDs(paths).isEmpty {
            throw Problem(
                .stateDamaged, "the catalog \(paths.catalog) is missing or empty, and there are servers",
                hint: CatalogRebuild.advice)
        }
        catalog = try CatalogStore(path: paths.catalog)
        isOfPair = false
        sourceMemory = nil
        self.caller = caller
        self.stepsMaker = stepsMaker
    }

    /// The same state for whoever asked for an operation, with the progress told to who watches that.
    init(_ other: ControlPlane, workingFor operation: Operation) {
        account = other.account
        // What is carried out reads the files themselves.
        paths = HomePaths(home: other.paths.home, repositories: other.paths.repositories)
        catalog = other.catalog
        catalogLock = other.catalogLock
        progress = ProgressFile(
            operation: other.paths.operation(operation.row.id), inner: other.progress, clock: other.clock)
        cancellation = other.cancellation
        clock = other.clock
        isOfPair = other.isOfPair
        sourceMemory = nil
        runner = other.runner
        caller = Caller(name: operation.row.caller)
        stepsMaker = other.stepsMaker
    }

    /// The same state for whoever shows it again and again: what was read of repositories and sources is kept
    /// in memory, and read again where the files are other ones. What is carried out and what verifies reads
    /// the files themselves.
    public func remembering() -> ControlPlane { ControlPlane(remembering: self) }

    private init(remembering other: ControlPlane) {
        account = other.account
        paths = HomePaths(
            home: other.paths.home, repositories: other.paths.repositories, memory: RepositoryMemory())
        catalog = other.catalog
        catalogLock = other.catalogLock
        progress = other.progress
        cancellation = other.cancellation
        clock = other.clock
        isOfPair = other.isOfPair
        sourceMemory = SourceMemory()
        runner = other.runner
        caller = other.caller
        stepsMaker = other.stepsMaker
    }

    /// The same state, but for the repositories, those of a paired location.
    ///
    /// - Parameter moment: the last that is known there, for whoever reads nothing else: the clock stands
    ///   still at it, since whatever is later is not there. Nil where the server is asked for the rest.
    init(_ other: ControlPlane, readingFrom repositories: String, at moment: PostgresTimestamp? = nil) {
        account = other.account
        paths = HomePaths(
            home: other.paths.home, repositories: repositories, memory: other.paths.memory)
        catalog = other.catalog
        catalogLock = other.catalogLock
        progress = other.progress
        cancellation = other.cancellation
        clock = moment.map { StoppedClock(moment: $0) } ?? other.clock
        isOfPair = moment != nil
        sourceMemory = nil
        runner = other.runner
        caller = other.caller
        stepsMaker = other.stepsMaker
    }

    /// Checks the state directory's version and makes the folders that are missing.
    static func prepareHome(_ paths: HomePaths) throws(Problem) {
        try checkHome(paths)
        for path in [paths.locks, paths.helpers, paths.servers, paths.repositories, paths.operations] {
            try DurableFiles.makeDirectories(path)
        }
    }

    private static func checkHome(_ paths: HomePaths) throws(Problem) {
        guard let bytes = try DurableFiles.readIfPresent(paths.format) else {
            let text = JSONValue.object(["format": .integer(Int64(homeFormat)), "tool": "pitr"])
            try DurableFiles.write(Array((text.printed() + "\n").utf8), to: paths.format)
            return
        }
        guard let value = try? JSONValue.parse(bytes), let format = value["format"]?.integer else {
            throw Problem(
                .stateDamaged, "\(paths.format) is not readable",
                hint: "Restore it as {\"format\":1}, or choose another folder with PITR_HOME.")
        }
        if format > Int64(homeFormat) {
            throw Problem(
                .formatTooNew,
                "the state directory has format \(format); this version knows up to \(homeFormat)",
                hint: "Use the newer pitr that wrote it.")
        }
    }

    /// The programs of a server's own major version.
    func installation(_ row: ServerRow) throws(Problem) -> PostgresInstallation {
        guard let major = Int(row.version), PostgresInstallation.supported.contains(major) else {
            throw Problem(
                .stateDamaged, "the catalog gives server '\(row.name)' the version '\(row.version)'",
                hint: "Rebuild the catalog: pitr doctor --rebuild-catalog")
        }
        return try knownInstallation.installation(major) { (major: Int) throws(Problem) in
            try PostgresInstallation.discover(major: major, runner: runner)
        }
    }

    /// The programs for a new server: of the version asked for, else the newest that is installed.
    func installation(forNew version: String?) throws(Problem) -> PostgresInstallation {
        guard let version else { return try PostgresInstallation.newest(runner: runner) }
        return try Self.installation(version, among: PostgresInstallation.discoverAll(runner: runner))
    }

    /// The major versions that are installed, the newest first.
    public func installedVersions() -> [String] {
        PostgresInstallation.discoverAll(runner: runner).map { String($0.major) }
    }

    /// The short directory of a server's private socket.
    func socketDirectory(_ id: String) -> String {
        paths.instance(id, runtime: account.runtimeDirectory).socketDirectory
    }

    /// Where a server listens while it is being recovered.
    func recoverySocketDirectory(_ id: String) -> String {
        account.runtimeDirectory + "/r" + id.prefix(7)
    }

    /// Where a server's files are: the one place that knows it for a server that is run here.
    func instancePaths(_ row: ServerRow) -> InstancePaths {
        paths.instance(row.id, runtime: account.runtimeDirectory)
    }

    /// The server itself. Throws `.operationNotSupported` for one that is attached: it is not run here.
    func instance(_ row: ServerRow) throws(Problem) -> PostgresInstance {
        try requireOwn(row)
        return PostgresInstance(
            installation: try installation(row), paths: instancePaths(row), runner: runner)
    }

    /// The server for whoever only ends it, by signals: its programs need not be installed any more.
    func instanceToEnd(_ row: ServerRow) -> PostgresInstance {
        // Why they are not there does not matter: none of them is called.
        if let instance = try? instance(row) { return instance }
        let missing = PostgresInstallation(
            binDirectory: "/usr/lib/postgresql/\(row.version)/bin",
            version: Int(row.version).flatMap { WALVersion(rawValue: $0) } ?? .v15,
            minorVersion: row.postgresVersion)
        return PostgresInstance(installation: missing, paths: instancePaths(row), runner: runner)
    }

    // MARK: Locks

    /// Takes a server for a change; waits a little for another command, then says that it is busy.
    func lockServer(_ row: ServerRow, _ mode: DirectoryLock.Mode = .exclusive, seconds: Double = 10)
        throws(Problem) -> DirectoryLock
    {
        let watch = Stopwatch()
        while true {
            if let lock = try DirectoryLock.attempt(paths.serverLock(row.id), mode) { return lock }
            try cancellation.check()
            if watch.seconds > seconds {
                throw Problem(
                    .serverBusy,
                    "Server '\(row.name)' is busy with another operation. Please try again later.",
                    hint: "See what runs with 'pitr operation list'.")
            }
            pause(milliseconds: 50)
        }
    }

    func pause(milliseconds: UInt32) {
        Pause.milliseconds(milliseconds)
    }
}

/// Always the same time.
private struct StoppedClock: WallClock {
    let moment: PostgresTimestamp

    func now() -> PostgresTimestamp { moment }
}
