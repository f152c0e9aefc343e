#if canImport(Glibc)
    import Glibc
#endif
public import Platform
import PostgresClient
public import PostgresFormat

/// PostgreSQL's `pg_upgrade`, from one cluster's files to a new and empty cluster of a newer major version.
///
/// It works in a folder of its own, with configurations that archive nothing and that nobody else can connect
/// with. The cluster that it reads has to be stopped, and may not be started again by anybody else: the new
/// one shares its files (`--link`), so it wants a copy.
public struct ClusterUpgrade: Sendable {
    public let old: PostgresInstallation
    public let new: PostgresInstallation
    /// Of the new cluster, fresh from `initdb`.
    public let newData: String
    /// Holds what pg_upgrade needs and leaves.
    public let folder: String
    /// Short enough for a socket's path.
    public let socketDirectory: String
    /// The accounts that may come in: root and the one that the tool runs as.
    public let account: String
    /// Libraries that objects of the cluster may need while they are made.
    public let preloadLibraries: String?
    /// Of both clusters.
    public let segmentSize: WALSegmentSize
    /// The first superuser of both, whatever whoever made the old cluster called it: pg_upgrade works as
    /// nobody else.
    public let firstSuperuser: String
    private let tablespaces: InnerTablespaces
    private let runner: any CommandRunner

    /// - Parameter tablespaces: the numbers of those that are directories of the old cluster's own.
    public init(
        from old: PostgresInstallation, to new: PostgresInstallation, newData: String, folder: String,
        socketDirectory: String, account: String, preloadLibraries: String?,
        segmentSize: WALSegmentSize, firstSuperuser: String, tablespaces: [String],
        runner: any CommandRunner
    ) {
        self.old = old
        self.new = new
        self.newData = newData
        self.folder = folder
        self.socketDirectory = socketDirectory
        self.account = account
        self.preloadLibraries = preloadLibraries
        self.segmentSize = segmentSize
        self.firstSuperuser = firstSuperuser
        self.tablespaces = InnerTablespaces(numbers: tablespaces, folder: folder)
        self.runner = runner
    }

    /// Where the files that are read have to be put.
    public var oldData: String { folder + "/data" }
    /// Statements that pg_upgrade proposes for extensions; there only where it has some.
    private var extensionsFile: String { folder + "/update_extensions.sql" }

    /// Asks pg_upgrade whether it would do it, while the server that is to be upgraded runs.
    ///
    /// - Parameter configuration: that server's.
    /// - Throws: `.operationNotSupported` with what stands in the way.
    public func check(running configuration: String) throws(Problem) {
        try prepare()
        try tablespaces.standIn()
        let result = try runner.run(command(["--check"], from: configuration))
        guard result.succeeded else { throw refusal(result) }
    }

    /// Upgrades the copy in `oldData`.
    public func run() throws(Problem) {
        try prepare()
        try write(data: oldData, into: folder + "/old")
        try tablespaces.moveOut(of: oldData)
        let result = try runner.run(command(["--link"], from: folder + "/old"))
        guard result.succeeded else { throw refusal(result) }
        try tablespaces.moveIn(to: newData, without: old.major)
    }

    /// What pg_upgrade proposes to update extensions with, as a script for psql; nil where there is nothing.
    public func extensionUpdates() -> String? { TextFile.read(extensionsFile) }

    /// As whom pg_upgrade logs in is the cluster's, with settings of its own.
    private var environment: [String: String] {
        let guards = SessionGuards.settings(old.version, lockTimeoutSeconds: 0)
        return [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/",
            "PGOPTIONS": ConnectionParameters.options(guards),
        ]
    }

    private func prepare() throws(Problem) {
        for directory in [folder, socketDirectory] { try TextFile.makeDirectory(directory) }
        try write(data: newData, into: folder + "/new")
    }

    /// A configuration for the time of the upgrade.
    private func write(data: String, into directory: String) throws(Problem) {
        try TextFile.makeDirectory(directory)
        let sizes = WALSizeSettings(segmentSize)
        var settings = [
            ("data_directory", data), ("hba_file", directory + "/pg_hba.conf"),
            ("ident_file", directory + "/pg_ident.conf"),
            ("max_locks_per_transaction", "1024"), ("archive_mode", "off"), ("logging_collector", "off"),
            ("min_wal_size", sizes.smallest), ("max_wal_size", sizes.largest),
        ]
        if let preloadLibraries { settings.append(("shared_preload_libraries", preloadLibraries)) }
        let text = settings.map { SettingsText.line($0, $1) }.joined(separator: "\n") + "\n"
        try TextFile.replace(directory + "/postgresql.conf", with: text)
        let access = HostBasedAccess(rules: [], account: account, superuser: firstSuperuser)
        try TextFile.replace(directory + "/pg_hba.conf", with: access.renderAccess())
        try TextFile.replace(directory + "/pg_ident.conf", with: access.renderIdent())
    }

    /// It ends with this process: a copy that nobody waits for is thrown away.
    private func command(_ options: [String], from configuration: String) -> Command {
        Command(
            "setpriv",
            ["--pdeathsig", "KILL", new.tool("pg_upgrade")]
                + [
                    "-b", old.binDirectory, "-B", new.binDirectory, "-d", configuration, "-D",
                    folder + "/new",
                ]
                + ["-U", firstSuperuser, "-s", socketDirectory] + options,
            environment: environment, workingDirectory: folder)
    }

    private func refusal(_ result: CommandResult) -> Problem {
        let (words, files) = Self.reasons(in: result.standardOutput + "\n" + result.standardError)
        let listed = files.compactMap { TextFile.read($0) }
            .flatMap { $0.split(separator: "\n").prefix(20).map(String.init) }
        return Problem(
            .operationNotSupported, "PostgreSQL \(old.major) cannot be upgraded to \(new.major)",
            detail: (words + listed).joined(separator: "\n"),
            hint: "Put right what pg_upgrade found, then give the command again; the server is as it was.")
    }

    /// What pg_upgrade said that is not a check that passed, and the files it refers to.
    static func reasons(in output: String) -> (words: [String], files: [String]) {
        var words: [String] = []
        var files: [String] = []
        for line in output.split(separator: "\n") {
            let text = line.trimmingSpaces()
            let isPassed = text.hasSuffix(" ok") || text.allSatisfy { $0 == "-" }
            if isPassed || Self.headings.contains(text) { continue }
            if text.hasPrefix("/"), text.hasSuffix(".txt") { files.append(text) } else { words.append(text) }
        }
        return (words, files)
    }

    private static let headings: Set<String> = [
        "Performing Consistency Checks", "Performing Consistency Checks on Old Live Server",
        "Performing Upgrade", "Failure, exiting",
    ]
}

extension Substring {
    fileprivate func trimmingSpaces() -> String {
        let rest = drop { $0 == " " || $0 == "\t" }
        return String(rest.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
