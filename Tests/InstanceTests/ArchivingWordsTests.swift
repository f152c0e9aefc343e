import Testing

@testable import Instance

struct ArchivingWordsTests {
    private static let lines = [
        "2026-11-29 07:00:00.000 UTC [7] LOG:  archive command failed with exit code 1",
        "2026-11-29 07:00:00.000 UTC [7] DETAIL:  The failed archive command was: '/h/lib/pitr-wal-1' push",
        "2026-11-29 07:10:00.000 UTC [9] LOG:  checkpoint starting: time",
        "/bin/sh: 1: /h/lib/pitr-wal-1: not found",
        "2026-11-29 07:10:01.000 UTC [7] FATAL:  archive command failed with exit code 127",
        "2026-11-29 07:10:01.000 UTC [7] DETAIL:  The failed archive command was: '/h/lib/pitr-wal-1' push",
    ]

    @Test func `the log's last words on archiving are the shell's and the server's`() {
        let words = PostgresInstance.archivingWords(in: Self.lines, since: "2026-11-29 07:05:00")
        #expect(
            words
                == "/bin/sh: 1: /h/lib/pitr-wal-1: not found; archive command failed with exit code 127")
    }

    @Test func `what is older than the standstill is not its reason`() {
        #expect(PostgresInstance.archivingWords(in: Self.lines, since: "2026-11-29 07:20:00") == nil)
    }
}
