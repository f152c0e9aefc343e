import Capture
import Foundation
import Platform
import PostgresClient
import PostgresFormat
import Repository
import Synchronization
import TestKit
import Testing

@Suite(.serialized) struct BaseBackupTests {
    @Test func `a backup of a busy server passes pg_verifybackup and starts`() throws {
        let server = try ArchivingServer()
        try server.postgres.psql(
            """
            CREATE TABLE kept AS SELECT i, md5(i::text) FROM generate_series(1, 100000) i;
            CREATE UNLOGGED TABLE unlogged AS SELECT 1 AS i;
            """)
        let backup = try server.capture.run(name: "first", source: .automatic)

        #expect(backup.stopLSN > backup.startLSN)
        #expect(backup.stopTime > backup.startTime)
        #expect(backup.timeline == TimelineID(1))
        #expect(backup.settings.walLevel == .replica)
        #expect(try BackupRepository(layout: server.layout).find("first") == backup)
        #expect(try BackupRepository(layout: server.layout).leftovers().isEmpty)

        let copy = try server.layOut(backup, "copy")
        // pg_verifybackup wants the manifest where pg_basebackup leaves it.
        let manifest = copy + "/backup_manifest"
        try FileManager.default.copyItem(
            atPath: BackupFiles.manifestFile(server.layout.backup("first")), toPath: manifest)
        try RunAs.handOver(manifest)
        try server.postgres.tool("pg_verifybackup", ["--exit-on-error", copy])

        let rows = try Self.recovered(copy, server, "SELECT count(*) FROM kept")
        #expect(rows == "100000")
    }

    @Test func `unlogged and temporary relations stay out, their init fork comes along`() throws {
        let server = try ArchivingServer()
        try server.postgres.psql("CREATE UNLOGGED TABLE fleeting AS SELECT generate_series(1, 1000) AS i")
        let path = try server.postgres.psql("SELECT pg_relation_filepath('fleeting')")
        let backup = try server.capture.run(name: "b", source: .onDemand)
        let paths = Set(try BackupFiles.manifest(backup, in: server.layout).files.map(\.path))
        #expect(!paths.contains(path))
        #expect(paths.contains(path + "_init"))
        #expect(!paths.contains("postmaster.pid"))
        #expect(!paths.contains { $0.hasPrefix("pg_wal/") || $0.hasSuffix("pg_internal.init") })
        #expect(paths.isSuperset(of: ["backup_label", "global/pg_control", "PG_VERSION"]))
        #expect(Set(backup.directories).isSuperset(of: ["pg_wal", "pg_notify", "base/1", "pg_tblspc"]))
    }

    @Test func `a damaged page of the source fails the backup and names the block`() throws {
        let server = try ArchivingServer()
        try server.postgres.psql("CREATE TABLE t AS SELECT generate_series(1, 5000) AS i; CHECKPOINT")
        let path = try server.postgres.psql("SELECT pg_relation_filepath('t')")
        try Damage.flip(server.postgres.dataDirectory + "/" + path, at: 3 * 8192 + 5000)
        let problem = #expect(throws: Problem.self) {
            try server.capture.run(name: "b", source: .automatic)
        }
        #expect(problem?.code == .backupDamaged)
        #expect(problem?.message.contains("\(path)' is damaged: wrong checksum in block 3") == true)
        #expect(try DurableFiles.list(server.layout.backups).isEmpty)
        #expect(try server.isLeftByBackup())
    }

    @Test func `takes along a tablespace outside the data directory as one inside it`() throws {
        let server = try ArchivingServer()
        let elsewhere = try server.postgres.scratch.directory("elsewhere")
        try RunAs.handOver(elsewhere)
        try server.postgres.psql("CREATE TABLESPACE far LOCATION '\(elsewhere)'")
        // What another version keeps beside it is none of this server's.
        try server.postgres.scratch.directory("elsewhere/PG_14_202107181")
        try server.postgres.psql("CREATE TABLE t TABLESPACE far AS SELECT 7 AS i; CHECKPOINT")
        let number = try #require(
            UInt32(try server.postgres.psql("SELECT oid FROM pg_tablespace WHERE spcname = 'far'")))
        let backup = try server.capture.run(name: "b", source: .automatic)
        #expect(backup.tablespaces == [BackupTablespace(number: number, location: elsewhere)])
        #expect(try BackupRepository(layout: server.layout).find("b") == backup)
        let paths = try BackupFiles.manifest(backup, in: server.layout).files.map(\.path)
        #expect(!paths.contains("tablespace_map"))
        #expect(paths.contains { $0.hasPrefix("pg_tblspc/\(number)/PG_15_") })
        #expect(!backup.directories.contains { $0.contains("PG_14_") })

        try server.handOver()
        let copy = try server.layOut(backup, "copy")
        let manifest = BackupFiles.manifestFile(server.layout.backup("b"))
        try server.postgres.tool("pg_verifybackup", ["-n", "-m", manifest, copy])
        let settings = ["archive_mode=off", "restore_command=false", "allow_in_place_tablespaces=on"]
        #expect(try Self.recovered(copy, server, "SELECT i FROM t", settings: settings) == "7")
        #expect(DurableFiles.status(copy + "/pg_tblspc/\(number)")?.kind == .directory)
    }

    @Test func `takes along an in-place tablespace`() throws {
        let server = try ArchivingServer()
        try server.postgres.psql("ALTER SYSTEM SET allow_in_place_tablespaces = on")
        try server.postgres.psql("SELECT pg_reload_conf()")
        try server.postgres.psql("CREATE TABLESPACE near LOCATION ''")
        try server.postgres.psql("CREATE TABLE t TABLESPACE near AS SELECT 7 AS i; CHECKPOINT")
        let backup = try server.capture.run(name: "b", source: .automatic)
        let copy = try server.layOut(backup, "copy")
        #expect(try Self.recovered(copy, server, "SELECT i FROM t") == "7")
    }

    @Test func `a cancelled backup leaves nothing behind`() throws {
        let server = try ArchivingServer()
        let cancellation = CancellationFlag()
        let problem = #expect(throws: Problem.self) {
            try server.capture.run(
                name: "b", source: .automatic, progress: CancelOnFirstBytes(cancellation),
                cancellation: cancellation)
        }
        #expect(problem?.code == .canceled)
        #expect(try DurableFiles.list(server.layout.backups).isEmpty)
    }

    @Test func `says what the archiver failed on when the WAL does not arrive`() throws {
        let server = try ArchivingServer()
        try server.postgres.psql("ALTER SYSTEM SET archive_command = 'false'")
        try server.postgres.psql("SELECT pg_reload_conf()")
        var capture = server.capture
        capture.archiveTimeoutSeconds = 1.5
        let problem = #expect(throws: Problem.self) { try capture.run(name: "b", source: .automatic) }
        #expect(problem?.code == .walMissing)
        #expect(problem?.detail?.contains("archiver has failed") == true)
        #expect(try DurableFiles.list(server.layout.backups).isEmpty)
    }

    @Test func `a backup can be named for the moment at which it completed`() throws {
        let server = try ArchivingServer()
        let naming = BackupNaming.atCompletion { "at-\($0.microseconds)" }
        let folders = FoldersSeen(server.layout)
        let backup = try server.capture.run(name: naming, source: .automatic, progress: folders)
        #expect(backup.name == "at-\(backup.stopTime.microseconds)")
        #expect(try DurableFiles.list(server.layout.backups) == [backup.name])
        #expect(try BackupRepository(layout: server.layout).find(backup.name) == backup)
        let seen = folders.names.withLock { $0 }
        #expect(seen.count == 1 && seen.allSatisfy { $0 == backup.label + ".incomplete" })
        let again = try server.capture.run(name: naming, source: .automatic)
        #expect(again.label != backup.label && again.name != backup.name)
    }

    @Test func `a name that is taken when the backup completes is refused, and leaves nothing`() throws {
        let server = try ArchivingServer()
        _ = try server.capture.run(name: "b", source: .automatic)
        let problem = #expect(throws: Problem.self) {
            try server.capture.run(name: .atCompletion { _ in "b" }, source: .automatic)
        }
        #expect(problem?.code == .backupNameAlreadyExists)
        #expect(try DurableFiles.list(server.layout.backups) == ["b"])
    }

    @Test func `a name that is taken is refused before the server is asked`() throws {
        let server = try ArchivingServer()
        _ = try server.capture.run(name: "b", source: .automatic)
        let problem = #expect(throws: Problem.self) {
            try server.capture.run(name: "b", source: .automatic)
        }
        #expect(problem?.code == .backupNameAlreadyExists)
    }

    @Test func `the repository of another server is refused`() throws {
        let server = try ArchivingServer()
        let other = RepositoryLayout(root: server.postgres.scratch.file("other"))
        try other.create(RepositoryIdentity(serverID: "o", systemIdentifier: 1, postgresMajor: 15))
        let capture = BaseBackupCapture(
            connection: server.connection, dataDirectory: server.postgres.dataDirectory, layout: other)
        let problem = #expect(throws: Problem.self) { try capture.run(name: "b", source: .automatic) }
        #expect(problem?.code == .stateDamaged)
    }

    /// Starts the copy, lets it recover to the end of its WAL, and asks it one thing.
    static func recovered(
        _ copy: String, _ server: ArchivingServer, _ sql: String,
        settings: [String] = ["archive_mode=off", "restore_command=false"]
    ) throws -> String {
        let port = String(Int(server.postgres.port) + 1)
        let options = settings.map { " -c " + $0 }.joined()
        try server.postgres.tool(
            "pg_ctl", ["-D", copy, "-w", "-l", copy + ".log", "start", "-o", "-p " + port + options])
        defer { _ = try? server.postgres.tool("pg_ctl", ["-D", copy, "-m", "immediate", "stop"]) }
        // Without hot_standby the start is reported before recovery has ended.
        let ready =
            "until '\(PostgresFixture.binDirectory)/pg_isready' -q -h "
            + "'\(server.postgres.socketDirectory)' -p \(port); do sleep 0.05; done"
        try RunAs().runChecked(Command("sh", ["-c", ready], timeoutSeconds: 60))
        let answer = try server.postgres.tool(
            "psql",
            [
                "-XAtq", "-h", server.postgres.socketDirectory, "-p", port, "-U", PostgresFixture.superuser,
                "-d",
                "postgres", "-c", sql,
            ])
        return answer.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// Cancels as soon as the first bytes have been copied.
private struct CancelOnFirstBytes: ProgressReporter {
    let cancellation: CancellationFlag

    init(_ cancellation: CancellationFlag) {
        self.cancellation = cancellation
    }

    func begin(_ step: String, totalBytes: UInt64?) {}
    func advance(bytes: UInt64) { cancellation.cancel() }
    func note(_ text: String) {}
    func end() {}
}

/// Which folders there are whenever a step of a backup begins.
private final class FoldersSeen: ProgressReporter {
    let names = Mutex<Set<String>>([])
    private let layout: RepositoryLayout

    init(_ layout: RepositoryLayout) {
        self.layout = layout
    }

    func begin(_ step: String, totalBytes: UInt64?) {
        let found = (try? DurableFiles.list(layout.backups)) ?? []
        names.withLock { $0.formUnion(found) }
    }
    func advance(bytes: UInt64) {}
    func note(_ text: String) {}
    func end() {}
}
