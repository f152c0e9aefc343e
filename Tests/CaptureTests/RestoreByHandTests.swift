import Capture
import Foundation
import Platform
import Repository
import TestKit
import Testing

/// A person with nothing but the folder, PostgreSQL and zstd: the commands in the repository's README.txt
/// work as they stand there.
@Suite struct RestoreByHandTests {
    @Test func `the readme's commands restore a backup and its WAL`() throws {
        let server = try ArchivingServer()
        try server.postgres.psql("CREATE TABLE t AS SELECT 1 AS i")
        let backup = try server.capture.run(name: "nightly", source: .automatic)
        try server.handOver()
        try server.postgres.psql("INSERT INTO t SELECT generate_series(2, 500)")
        try server.archiveAll()

        let copy = server.postgres.scratch.file("by-hand")
        let readme = String(decoding: try DurableFiles.read(server.layout.readme), as: UTF8.self)
        let commands = Self.commands(in: readme).map {
            $0.replacing("<name>", with: backup.name).replacing("/path/to/newdata", with: copy)
                .replacing("pg_verifybackup", with: PostgresFixture.binDirectory + "/pg_verifybackup")
        }
        #expect(commands.count == 4)
        let restoreCommand = Self.setting("restore_command", in: readme)
            .replacing("/path/to/this/folder", with: server.layout.root)
        let script = """
            set -e; cd '\(server.layout.root)'
            \(commands.joined(separator: "\n"))
            cat >> '\(copy)/postgresql.conf' <<'END'
            \(restoreCommand)
            END
            touch '\(copy)/recovery.signal'
            """
        try RunAs().runChecked(Command("sh", ["-c", script]))
        let rows = try BaseBackupTests.recovered(
            copy, server, "SELECT count(*) FROM t", settings: ["archive_mode=off", "hot_standby=off"])
        #expect(rows == "500")
    }

    /// The indented lines of the first part: shell commands.
    private static func commands(in readme: String) -> [String] {
        let lines = readme.split(separator: "\n", omittingEmptySubsequences: false)
        let start = lines.firstIndex { $0.hasPrefix("To restore by hand") } ?? lines.endIndex
        let end = lines.firstIndex { $0.hasPrefix("Put your postgresql.conf") } ?? lines.endIndex
        return lines[start..<end].filter { $0.hasPrefix("  ") }.map { line in
            let command = line.split(separator: "     (").first ?? line
            return command.trimmingCharacters(in: .whitespaces)
        }
    }

    private static func setting(_ name: String, in readme: String) -> String {
        readme.split(separator: "\n").first { $0.contains(name + " = ") }.map {
            $0.trimmingCharacters(in: .whitespaces)
        } ?? ""
    }
}
