import Capture
import Foundation
import Platform
import PostgresClient
import PostgresFormat
import Repository
import Synchronization
import TestKit
import Testing

/// A PostgreSQL that nobody prepared for us, and a role that may only replicate.
@Suite(.serialized) struct StreamingTests {
    private final class Source {
        let postgres: PostgresFixture
        let layout: RepositoryLayout
        let folder: ReceiverFolder

        var connection: ConnectionParameters {
            ConnectionParameters(
                host: postgres.socketDirectory, port: postgres.port, user: "pitr_backup")
        }

        init() throws {
            postgres = try PostgresFixture(settings: ["wal_keep_size": "512MB", "max_wal_size": "96MB"])
            try postgres.psql("CREATE ROLE pitr_backup LOGIN REPLICATION")
            layout = RepositoryLayout(root: postgres.scratch.file("repository"))
            let system = try postgres.psql("SELECT system_identifier FROM pg_control_system()")
            try layout.create(
                RepositoryIdentity(
                    serverID: "test", systemIdentifier: UInt64(system) ?? 0,
                    postgresMajor: Int(PostgresFixture.major) ?? 15))
            folder = ReceiverFolder(path: postgres.scratch.file("received"))
        }

        /// Receives while `body` runs.
        func receiving<Value>(
            _ slot: ReceiverSettings.Slot, _ body: (WALReceiver) throws -> Value
        ) throws -> Value {
            let flag = CancellationFlag()
            let settings = ReceiverSettings(connection: connection, slot: slot, walLimit: 10 << 30)
            let receiver = WALReceiver(
                layout: layout, folder: folder, clock: SystemWallClock(), cancellation: flag
            ) { () throws(Problem) in settings }
            let done = DispatchSemaphore(value: 0)
            let outcome = Outcome()
            Thread.detachNewThread {
                do {
                    try receiver.run()
                } catch {
                    outcome.set(error as? Problem)
                }
                done.signal()
            }
            defer {
                flag.cancel()
                done.wait()
            }
            let value = try body(receiver)
            if let problem = outcome.problem { throw problem }
            return value
        }

        func flushed() throws -> LSN {
            try #require(LSN(try postgres.psql("SELECT pg_current_wal_flush_lsn()")))
        }

        func awaitDurable(_ lsn: LSN, _ receiver: WALReceiver) throws {
            try StreamingTests.waitUntil { (receiver.status.durable ?? .zero) >= lsn }
        }

        /// Segments in the archive whose bytes are those in the server's own `pg_wal`.
        func compareArchive() throws -> Int {
            let archive = WALArchive(layout: layout)
            var count = 0
            let names = try archive.names().compactMap(\.walSegment).sorted()
            for (name, next) in zip(names, names.dropFirst()) { #expect(next == name.next) }
            for name in names {
                let own = try DurableFiles.read(postgres.dataDirectory + "/pg_wal/" + name.fileName)
                #expect(try archive.read(.segment(name)) == own, "\(name)")
                count += 1
            }
            return count
        }
    }

    private final class Outcome: Sendable {
        private let value = Mutex<Problem?>(nil)
        var problem: Problem? { value.withLock { $0 } }
        func set(_ problem: Problem?) { value.withLock { $0 = problem } }
    }

    private static func waitUntil(_ condition: () throws -> Bool) throws {
        try #require(try ProductUnderTest.eventually(seconds: 20, condition), "it does not come")
    }

    @Test(.timeLimit(.minutes(5)))
    func `a base backup by the stream is what pg_verifybackup wants, and starts`() throws {
        let source = try Source()
        let elsewhere = try source.postgres.scratch.directory("elsewhere")
        try source.postgres.psql("CREATE TABLESPACE far LOCATION '\(elsewhere)'")
        try source.postgres.psql(
            """
            CREATE TABLE kept AS SELECT i, md5(i::text) FROM generate_series(1, 50000) i;
            CREATE TABLE away TABLESPACE far AS SELECT 7 AS i;
            ALTER SYSTEM SET synchronous_standby_names = 'nobody_but_pitr'
            """)
        let slot = try #require(SlotName("pitr_test"))
        let backup = try source.receiving(.temporary(slot)) { receiver in
            try Self.waitUntil { receiver.status.phase == .streaming }
            var capture = StreamedBackup(connection: source.connection, layout: source.layout)
            capture.checkpoint = .fast
            return try capture.run(name: "first", source: .automatic)
        }
        #expect(backup.tablespaces.map(\.location) == [elsewhere])
        #expect(backup.passedOver.contains { $0.hasPrefix("\"postgresql.auto.conf\"") })
        #expect(backup.stopTime >= backup.startTime)
        #expect(try BackupRepository(layout: source.layout).find("first") == backup)
        _ = try BackupFiles.verify(
            backup, in: source.layout, examine: BackupPages.examiner(of: backup, in: source.layout))

        let copy = source.postgres.scratch.file("copy")
        _ = try BackupFiles.layOut(
            backup, in: source.layout, into: copy, controlFileTo: copy + ".pg_control")
        try DurableFiles.rename(copy + ".pg_control", to: copy + "/" + BackupFiles.controlFile)
        let archive = WALArchive(layout: source.layout)
        for segment in backup.requiredSegments {
            try archive.extract(.segment(segment), to: copy + "/pg_wal/" + segment.fileName)
        }
        try FileManager.default.copyItem(
            atPath: BackupFiles.manifestFile(source.layout.backup("first")),
            toPath: copy + "/backup_manifest")
        try RunAs.handOver(copy)
        try source.postgres.tool("pg_verifybackup", ["--exit-on-error", copy])
    }

    @Test(.timeLimit(.minutes(3)))
    func `received WAL is the server's own, however often receiving breaks off`() throws {
        let source = try Source()
        let slot = try #require(SlotName("pitr_test"))
        let session = try ReplicationConnection(source.connection)
        try session.createSlot(slot, .permanent)
        #expect(try session.slotRestart(slot).map { $0 > .zero } == true)
        try source.postgres.psql("CREATE TABLE t (i int, w text)")
        for round in 0..<4 {
            try source.receiving(.permanent(slot, mayBeUnbounded: false)) { receiver in
                try Self.waitUntil { receiver.status.phase == .streaming }
                try source.postgres.psql(
                    "INSERT INTO t SELECT i, repeat(md5(i::text), 30) FROM generate_series(1, 6000) i")
                if round == 2 {
                    // The server throws out who receives, who comes back; not the session that looks.
                    try source.postgres.psql(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_replication WHERE state <> 'startup'; "
                            + "CHECKPOINT")
                }
                if round % 2 == 0 { try source.awaitDurable(try source.flushed(), receiver) }
            }
            // The next one finds what was written meanwhile.
            try source.postgres.psql("INSERT INTO t SELECT i, 'between' FROM generate_series(1, 1000) i")
        }
        try source.receiving(.permanent(slot, mayBeUnbounded: false)) { receiver in
            try source.postgres.psql("SELECT pg_switch_wal()")
            let end = try source.flushed()
            try source.awaitDurable(end, receiver)
            try Self.waitUntil {
                let confirmed = receiver.status.confirmedHere?.microseconds ?? 0
                return SystemWallClock().now().microseconds - confirmed < 3_000_000
            }
        }
        #expect(try source.compareArchive() >= 2)
        // Acknowledged, and no more than that: the slot keeps nothing from before what is here.
        let restart = try #require(try session.slotRestart(slot))
        let durable = try #require(source.folder.status()?.durable)
        #expect(restart <= durable)
        try session.dropSlot(slot)
        #expect(try session.slotRestart(slot) == nil)
    }

    @Test(.timeLimit(.minutes(3)))
    func `what came just before the server died is durable, and a server that stops does not wait for it`()
        throws
    {
        let source = try Source()
        let slot = try #require(SlotName("pitr_test"))
        try source.postgres.psql("CREATE TABLE t (i int)")
        for mode in ["immediate", "fast"] {
            try source.receiving(.temporary(slot)) { receiver in
                try Self.waitUntil { receiver.status.phase == .streaming }
                try source.awaitDurable(try source.flushed(), receiver)
                try source.postgres.psql("INSERT INTO t VALUES (1)")
                let end = try source.flushed()
                try Self.waitUntil {
                    try source.postgres.psql(
                        "SELECT count(*) FROM pg_stat_replication WHERE sent_lsn >= '\(end)'") != "0"
                }
                try source.postgres.stop(mode)
                try source.awaitDurable(end, receiver)
                try source.postgres.start()
            }
        }
    }
}
