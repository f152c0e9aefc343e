import Capture
import Foundation
import Platform
import PostgresClient
import PostgresFormat
import Repository
import TestKit

/// A running server that archives into a repository of its own through the real helper.
final class ArchivingServer {
    let postgres: PostgresFixture
    let layout: RepositoryLayout

    var connection: ConnectionParameters {
        ConnectionParameters(
            host: postgres.socketDirectory, port: postgres.port, user: PostgresFixture.superuser)
    }

    var capture: BaseBackupCapture {
        BaseBackupCapture(connection: connection, dataDirectory: postgres.dataDirectory, layout: layout)
    }

    /// - Parameter prepare: what to do with the server before anything is made of it.
    init(
        settings: [String: String] = [:], repository: String? = nil,
        prepare: (PostgresFixture) throws -> Void = { _ in }
    ) throws {
        postgres = try PostgresFixture(
            settings: settings.merging(["archive_mode": "on", "archive_command": ""]) { own, _ in own })
        try prepare(postgres)
        layout = RepositoryLayout(root: repository ?? postgres.scratch.file("repository"))
        let system = try postgres.psql("SELECT system_identifier FROM pg_control_system()")
        try layout.create(
            RepositoryIdentity(serverID: "test", systemIdentifier: UInt64(system) ?? 0, postgresMajor: 15))
        try handOver()
        let helper = postgres.scratch.file("pitr-wal")
        try FileManager.default.copyItem(atPath: BuiltProduct.path("pitr-wal"), toPath: helper)
        try RunAs.handOver(helper)
        try postgres.psql(
            """
            ALTER SYSTEM SET archive_command = '"\(helper)" push "\(layout.root)" "%p" "%f"';
            """)
        try postgres.psql("SELECT pg_reload_conf()")
    }

    /// The server's account archives into what the test, perhaps as root, has made.
    func handOver() throws {
        try RunAs.handOver(layout.root)
    }

    /// Whether no session of a backup is left; the server's process ends a moment after the session.
    func isLeftByBackup() throws -> Bool {
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'pg_backup'"
        // The one that asks.
        return try ProductUnderTest.eventually(seconds: 20) { try postgres.psql(sessions) == "1" }
    }

    /// Switches to a new segment and returns when the old one is in the archive.
    func archiveAll() throws {
        try postgres.psql(
            """
            DO $$
            DECLARE segment text := pg_walfile_name(pg_switch_wal());
            BEGIN
              WHILE coalesce((SELECT last_archived_wal FROM pg_stat_archiver), '') < segment LOOP
                PERFORM pg_sleep(0.01);
                PERFORM pg_stat_clear_snapshot();
              END LOOP;
            END $$
            """)
    }

    /// Lays out a backup in a directory that PostgreSQL accepts, `pg_control` in its place.
    func layOut(_ backup: BackupDescriptor, _ name: String) throws -> String {
        let target = postgres.scratch.file(name)
        _ = try BackupFiles.layOut(
            backup, in: layout, into: target, controlFileTo: target + ".pg_control")
        try DurableFiles.rename(target + ".pg_control", to: target + "/" + BackupFiles.controlFile)
        let archive = WALArchive(layout: layout)
        for segment in backup.requiredSegments {
            try archive.extract(.segment(segment), to: target + "/pg_wal/" + segment.fileName)
        }
        try RunAs.handOver(target)
        return target
    }
}
