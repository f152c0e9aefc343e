import Platform
import TestKit
import Testing

@testable import Capture

/// Directories of servers as releases of Barman lay them out.
struct BarmanServerTests {
    @Test(.timeLimit(.minutes(5)))
    func `what Barman says of a backup is found in either place, and the newer one is believed`() throws {
        let scratch = try ScratchDirectory("barmanserver")
        for name in ["wals", "meta", "base/1/data", "base/2/data", "base/3/data", "base/4/data"] {
            try DurableFiles.makeDirectories(scratch.file(name))
        }
        let texts = [
            ("base/1/backup.info", "DONE"), ("meta/2-backup.info", "WAITING_FOR_WALS"),
            ("base/3/backup.info", "DONE"), ("meta/3-backup.info", "FAILED"),
        ]
        for (name, status) in texts {
            try DurableFiles.write(
                Array("mode=rsync-concurrent\nstatus=\(status)\n".utf8), to: scratch.file(name),
                durable: false)
        }
        let server = try #require(try BarmanServer(at: scratch.path))
        #expect(server.backups.map(\.id) == ["1", "2", "3"])
        #expect(server.backups.map(\.status) == ["DONE", "WAITING_FOR_WALS", "FAILED"])
        let problem = #expect(throws: Problem.self) { try server.base("3") }
        #expect(problem?.code == .operationNotSupported)
    }
}
