import Catalog
import GRDB
import Instance
import Platform
import ServiceModel

/// A difference between what the catalog says of a server's configuration and what is in force.
enum ConfigurationDifference: Sendable, Hashable {
    /// A file on the disk is another one.
    case onDisk(RenderedConfiguration.Part)
    /// The running server has not read it.
    case notLoaded(RenderedConfiguration.Part)
    /// PostgreSQL does not accept the access file, and keeps the rules it had before.
    case refused(String)

    /// For people.
    var words: String {
        switch self {
        case .onDisk(let part): "\(part.fileName) is not what the catalog says"
        case .notLoaded(let part): "the running server has not read \(part.fileName)"
        case .refused(let line): "PostgreSQL does not accept pg_hba.conf, line \(line)"
        }
    }

    static func words(_ differences: [ConfigurationDifference]) -> String {
        differences.map(\.words).joined(separator: ", ")
    }
}

/// Everything that is rendered from the catalog: written, put in force, compared, and written again.
extension ControlPlane {
    // MARK: From the catalog

    /// Writes a server's certificate and configuration from the catalog; the server reads them when it
    /// (re)starts.
    ///
    /// - Parameter prepared: writes it for a server that is still being made: nothing is flushed, and
    ///   `adoptConfiguration` puts it in force.
    func configure(_ row: ServerRow, prepared: Bool = false) throws {
        let instance = try instance(row)
        try instance.paths.makeDirectories()
        try issueCertificate(row, durable: !prepared)
        let helper = try WALHelper.install(into: paths.helpers)
        let rendered = try rendered(
            row, archiveCommand: helper.archiveCommand(repository: paths.repository(row.id)))
        if prepared { return try instance.prepare(rendered) }
        RestoreFaults.reached("configure: write")
        try instance.write(rendered)
    }

    /// The whole configuration.
    private func rendered(_ row: ServerRow, archiveCommand: String) throws -> RenderedConfiguration {
        let settings = ServerSettings(
            serverName: row.name, paths: instancePaths(row), listenAddress: row.host,
            port: UInt16(clamping: row.port), compute: try Self.size(row), archiveCommand: archiveCommand,
            segmentSize: segmentSize(of: row))
        return RenderedConfiguration(
            access: try access(row), parameters: try effectiveParameters(row), settings: settings.render(),
            certificate: [row.name, row.host, try authorityText()].joined(separator: "\n"))
    }

    /// As it should be: with `whole` everything, else what commands change while the server runs.
    private func rendered(_ row: ServerRow, whole: Bool) throws -> RenderedConfiguration {
        guard whole || !instancePaths(row).includesMarks else {
            return RenderedConfiguration(
                access: try access(row), parameters: try effectiveParameters(row))
        }
        return try rendered(row, archiveCommand: try archiveCommand(row))
    }

    /// The one that is in force, if it is one of ours: which version of the helper archives is not a
    /// question of the catalog.
    private func archiveCommand(_ row: ServerRow) throws -> String {
        let repository = paths.repository(row.id)
        let text = (try? DurableFiles.readIfPresent(instancePaths(row).settingsFile)).flatMap { $0 } ?? []
        let written = WrittenConfiguration.archiveCommand(in: String(decoding: text, as: UTF8.self))
        if let written, written.hasPrefix("'\(paths.helpers)/"),
            written.hasSuffix("' push '\(repository)' '%p' '%f'")
        {
            return written
        }
        return try WALHelper.install(into: paths.helpers).archiveCommand(repository: repository)
    }

    // MARK: In force

    /// Writes what is rendered, and has a running server read it: in force when it returns.
    ///
    /// - Parameter step: how the places are called where a test may end the process.
    func putInForce(_ rendered: RenderedConfiguration, on row: ServerRow, as step: String) throws {
        let instance = try instance(row)
        // Without the marks in its settings a server cannot tell what it has read.
        if !instance.paths.includesMarks { try instance.write(try self.rendered(row, whole: true)) }
        RestoreFaults.reached("\(step): write")
        try instance.write(rendered)
        RestoreFaults.reached("\(step): load")
        guard case .running = instance.status() else { return }
        try awaitSessions(row)
        try instance.load(rendered)
    }

    // MARK: Compared

    /// Where files and running server are not what the catalog says.
    private func differences(
        _ row: ServerRow, from rendered: RenderedConfiguration
    ) throws -> [ConfigurationDifference] {
        let instance = try instance(row)
        let files = instance.differing(from: rendered)
        var found = files.map { ConfigurationDifference.onDisk($0) }
        guard case .running = instance.status() else { return found }
        try awaitSessions(row)
        let connection = try instance.connect()
        found += try instance.notLoaded(of: rendered, on: connection).filter { !files.contains($0) }
            .map { .notLoaded($0) }
        return try found + instance.refusedAccess(on: connection).map { .refused($0) }
    }

    /// The differences of a server that nobody is changing at the moment; nil when somebody is.
    func differences(_ row: ServerRow) throws -> [ConfigurationDifference]? {
        try undisturbed(row) { try differences($0, from: rendered($0, whole: true)) }
    }

    /// Makes the configuration what the catalog says, where it is not, and tells what was not.
    ///
    /// For whoever has the server for a change.
    @discardableResult
    func agree(_ row: ServerRow, whole: Bool) throws -> [ConfigurationDifference] {
        let rendered = try rendered(row, whole: whole)
        let found = try differences(row, from: rendered)
        guard !found.isEmpty else { return [] }
        if found.contains(.onDisk(.certificate)) { try issueCertificate(row) }
        try putInForce(rendered, on: row, as: "agree")
        return found
    }

    /// What a command does first that tells of access or parameters: one that was killed may have left
    /// another truth. It does without where the server is busy; `doctor` and `maintain` see it too.
    func agreeIfFree(_ row: ServerRow) {
        _ = try? undisturbed(row) { try agree($0, whole: false) }
    }

    /// As part of maintenance.
    func agree(_ row: ServerRow, dryRun: Bool) throws -> [MaintenanceAction] {
        let found: [ConfigurationDifference]?
        do {
            found = try differences(row)
        } catch {
            // A server that does not answer is told by others.
            return []
        }
        guard let found, !found.isEmpty else { return [] }
        return [
            act(
                row.name, "configure", row.name, ConfigurationDifference.words(found), dryRun: dryRun
            ) {
                guard try undisturbed(row, { try agree($0, whole: true) }) != nil else {
                    throw Problem(.serverBusy, "another command has it")
                }
            }
        ]
    }

    /// Runs the body while no command changes the server, with its row as it is by then.
    private func undisturbed<Value>(
        _ row: ServerRow, _ body: (ServerRow) throws -> Value
    ) throws -> Value? {
        guard let lock = try DirectoryLock.attempt(paths.serverLock(row.id), .shared) else { return nil }
        defer { lock.release() }
        guard let turn = try DirectoryLock.attempt(paths.accessLock(row.id)) else { return nil }
        defer { turn.release() }
        guard let current = try catalog.read({ try ServerRow.fetchOne($0, key: row.id) }),
            current.phase == .complete
        else { return nil }
        return try body(current)
    }

    // MARK: Told

    /// What `doctor` says of a server's configuration.
    func configurationFindings(_ row: ServerRow) -> [DoctorFinding] {
        guard row.phase == .complete else { return [] }
        func finding(_ level: DoctorFinding.Level, _ message: String, _ remedy: String) -> DoctorFinding {
            DoctorFinding(level: level, subject: "server \(row.name)", message: message, remedy: remedy)
        }
        guard let found = try? differences(row) else { return [] }
        if !found.isEmpty {
            return [
                finding(
                    .problem,
                    ConfigurationDifference.words(found)
                        + "; a command was ended in the middle, or somebody else changed it",
                    "'pitr maintain' puts in force what the catalog says.")
            ]
        }
        guard state(row) == .ready, let own = try? effectiveParameters(row),
            let waiting = try? instance(row).awaitingRestart().filter({ own[$0] == nil }), !waiting.isEmpty
        else { return [] }
        return [
            finding(
                .warning, "\(waiting.joined(separator: ", ")) will be as the catalog says after a restart",
                "Restart it with 'pitr restart -n \(row.name)' when nobody minds.")
        ]
    }
}
