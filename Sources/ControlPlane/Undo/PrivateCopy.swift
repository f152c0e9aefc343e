import Holdings
import Instance
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repository
import Restore
import ServiceModel

/// A copy for the work of one operation: below the operation's own folder, without TCP, and gone with it.
struct PrivateCopy: Sendable {
    let executor: RestoreExecutor
    let server: PostgresInstance
    /// Where its state ends.
    let end: LSN
    /// Its own.
    let timeline: TimelineID
    let segmentSize: WALSegmentSize
    /// Prepared transactions that were in doubt there and were rolled back in the copy.
    let inDoubt: [String]
    /// The role of `connectAsWorker`; a name that nobody can have foreseen.
    let worker: String
    /// Whether nothing in it reaches any network, not this machine's either.
    let isIsolated: Bool
    /// Whether it has all rows of all tables; else only those that were asked for.
    let isWhole: Bool

    /// As the tool's superuser: for what runs no code of the database.
    func connect(_ database: String) throws(Problem) -> Connection { try server.connect(database: database) }

    /// As a role that may read and write all rows and nothing else: constraints, domains and indexes may run
    /// code of the database's owners.
    func connectAsWorker(_ database: String) throws(Problem) -> Connection {
        try grantRoutines(in: database)
        var parameters = try server.connectionParameters(database: database, user: worker)
        for name in Self.superuserSettings { parameters.sessionSettings[name] = nil }
        return try Connection(parameters)
    }

    /// Settings of the tool's sessions that only a superuser may give; the copy's own configuration has them.
    private static let superuserSettings = [
        "session_preload_libraries", "session_replication_role", "temp_file_limit", "event_triggers",
        "lc_messages",
    ]

    /// What everybody may run by default may have been taken from them.
    private func grantRoutines(in database: String) throws(Problem) {
        try onRoutines("GRANT", "TO", in: database)
    }

    /// Reads definitions as they are in the source: without what the worker was granted here.
    func withoutGrants(in database: String, _ body: () throws(Problem) -> Void) throws(Problem) {
        try onRoutines("REVOKE", "FROM", in: database)
        try body()
        try grantRoutines(in: database)
    }

    private func onRoutines(_ verb: String, _ word: String, in database: String) throws(Problem) {
        let connection = try connect(database)
        defer { connection.close() }
        let schemas = try connection.query("SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'")
        for schema in schemas.firstColumn {
            let name = SQLText.identifier(schema)
            try connection.execute(
                "\(verb) EXECUTE ON ALL ROUTINES IN SCHEMA \(name) \(word) \(SQLText.identifier(worker))")
        }
    }

    func remove() { executor.abandon() }

    /// Visits the records of its own WAL that begin between two positions.
    func records(from begin: LSN, to end: LSN, _ visit: (borrowing WALRecord) -> Void) throws(Problem) {
        var name = SegmentName(timeline: timeline, containing: begin, size: segmentSize)
        var decoder = WALDecoder(start: name.start, segmentSize: segmentSize)
        while name.start < end {
            try OpenFile(reading: server.paths.data + "/pg_wal/\(name)").forEachChunk { bytes, _ in
                decoder.feed(bytes) { record in
                    guard record.start < end else { return false }
                    if record.start >= begin { visit(record) }
                    return true
                } == nil
            }
            name = name.next
        }
        guard decoder.nextRecord >= end else {
            throw Problem(.walDamaged, "the copy's own WAL cannot be read at \(decoder.nextRecord)")
        }
    }

    /// The folder of an operation's copies.
    static func folder(in operation: String) -> String { operation + "/copies" }

    /// Where the sockets of an operation's copies lie: short names that begin alike.
    static func socketPrefix(_ operation: String) -> String { "u" + operation.prefix(7) }
}

extension ControlPlane {
    /// Makes a copy that only this operation uses, as long as the disk has room for it beside what the
    /// servers there need.
    ///
    /// - Parameters:
    ///   - role: its name among the operation's copies.
    ///   - partial: what is left out of relations' files.
    func makePrivateCopy(
        _ prepared: PreparedRestore, _ role: String, _ operation: RunningOperation,
        partial: PartialLayout? = nil
    ) throws -> PrivateCopy {
        let room = try diskRoom(paths.operations)
        var job = try restoreJob(prepared, serverID: operation.id, operationID: operation.id)
        job.partial = partial
        let plan = prepared.planned.plan
        try room.require(job.leastBytes, for: "a temporary copy")
        let more = plan.estimatedBytes - plan.leastBytes
        return try RoomWatch.during(
            "the temporary copy", in: room, expected: job.leastBytes + more, under: cancellation
        ) { flag in
            job.cancellation = flag
            return try makePrivateCopy(prepared, job, role, operation)
        }
    }

    private func makePrivateCopy(
        _ prepared: PreparedRestore, _ job: RestoreJob, _ role: String, _ operation: RunningOperation
    ) throws -> PrivateCopy {
        let folder = PrivateCopy.folder(in: paths.operation(operation.id)) + "/" + role
        try DurableFiles.makeDirectories(folder, durable: false)
        var job = job
        job.serverDirectory = folder + "/server"
        job.dataDirectory = folder + "/server/data"
        job.operationDirectory = folder
        job.socketDirectory =

            account.runtimeDirectory + "/" + PrivateCopy.socketPrefix(operation.id) + role.prefix(1)
            + role.suffix(1)
        job.launcher = isolation()
        let executor = RestoreExecutor(job)
        let proof = try executor.runPrivately()
        do {
            let inDoubt = try endInDoubt(job.recovering)
            let worker = "pitr_" + operation.id
            try letIn(worker, job.recovering)
            return PrivateCopy(
                executor: executor, server: job.recovering, end: proof.endLSN, timeline: proof.timeline,
                segmentSize: prepared.held.inventory.segmentSize, inDoubt: inDoubt,
                worker: worker,
                isIsolated: !job.launcher.isEmpty, isWhole: job.partial == nil)
        } catch {
            executor.abandon()
            throw error
        }
    }

    /// Makes the role, and lets the servers' account in as it.
    private func letIn(_ worker: String, _ server: PostgresInstance) throws {
        let name = SQLText.identifier(worker)
        try server.connect().execute(
            "CREATE ROLE \(name) LOGIN BYPASSRLS; GRANT pg_read_all_data, pg_write_all_data TO \(name)")
        for (path, line) in [
            (server.paths.accessFile, "local all \(name) peer map=worker\n"),
            (server.paths.identFile, "worker /^.*$ \(name)\n"),
        ] {
            let text = try DurableFiles.read(path) + Array(line.utf8)
            try DurableFiles.write(text, to: path, durable: false)
        }
        try server.reload()
    }

    /// What starts a program in a network namespace of its own, which has no network; nothing where this
    /// machine does not let the account have one.
    private func isolation() -> [String] {
        let words = ["unshare", "--user", "--map-current-user", "--net"]
        let tried = try? runner.run(
            Command(words[0], Array(words.dropFirst()) + ["true"], workingDirectory: "/", timeoutSeconds: 10))
        return tried?.succeeded ?? false ? words : []
    }

    /// Ends what still runs in the copies of an operation whose process is gone.
    func endPrivateCopies(of operation: String) throws {
        let folder = PrivateCopy.folder(in: paths.operation(operation))
        let names = try DurableFiles.listIfPresent(folder)
        guard !names.isEmpty else { return }
        for name in names {
            let server = PostgresInstance(
                installation: try .newest(runner: runner),
                paths: InstancePaths(
                    data: "\(folder)/\(name)/server/data", conf: "\(folder)/\(name)/conf",
                    log: "\(folder)/\(name)/log", socketDirectory: ""), runner: runner)
            try server.stop(.immediate, timeoutSeconds: 30)
        }
        for name in try DurableFiles.listIfPresent(account.runtimeDirectory)
        where name.hasPrefix(PrivateCopy.socketPrefix(operation)) {
            try DurableFiles.removeTree(account.runtimeDirectory + "/" + name)
        }
    }

    /// What is in doubt holds locks, and its rows are nobody's: it is rolled back in the copy.
    private func endInDoubt(_ server: PostgresInstance) throws -> [String] {
        let rows = try server.connect().query("SELECT gid, database FROM pg_prepared_xacts ORDER BY prepared")
        for row in 0..<rows.count {
            guard let name = rows[row, "gid"], let database = rows[row, "database"] else { continue }
            try server.connect(database: database).execute("ROLLBACK PREPARED \(SQLText.literal(name))")
        }
        return rows.firstColumn
    }
}
