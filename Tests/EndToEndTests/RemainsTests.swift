import Glibc
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What outlives a killed command or lies elsewhere: it goes all the same.
    @Suite struct RemainsTests {
        @Test func `a creation that is killed while initdb works is cleaned up by the first maintenance`()
            throws
        {
            try ProductUnderTest.use("killinitdb") { product in
                let tool = try product.start([
                    "create", "-n", "orders", "-u", "bob", "-p", ProductUnderTest.adminPassword,
                ])
                var data = ""
                let isAtWork = try ProductUnderTest.eventually {
                    guard let folder = try product.serverFolders().first else { return false }
                    data = "\(product.home)/servers/\(folder)/data"
                    // Written in the middle of initdb's longest step, which nothing outside ends.
                    return DurableFiles.status(data + "/global/pg_control") != nil
                }
                #expect(isAtWork)
                kill(tool, SIGKILL)
                #expect(ProductUnderTest.eventually { ChildProcess.hasEnded(tool) })
                let actions = try product.json("maintain").array ?? []
                #expect(actions.map { $0["outcome"] } == ["done"], "\(JSONValue.array(actions).printed())")
                #expect(try product.serverNames() == [] && product.serverFolders() == [])
                #expect(ProductUnderTest.processes(in: data).isEmpty)
            }
        }

        @Test func `temporary files of descriptions and a linked pg_wal are removed`() throws {
            try ProductUnderTest.use("remains") { product in
                let server = try product.create("orders")
                // No process has such a number; the other writer is this one.
                let abandoned = [
                    product.home + "/groups.json.99999999-a1.tmp",
                    server.repository + "/server.json.99999999-zz.tmp",
                ]
                let others = [product.home + "/groups.json.\(getpid())-b2.tmp", product.home + "/notes.tmp"]
                for path in abandoned + others {
                    try DurableFiles.write([1], to: path)
                    try RunAs.handOver(path)
                }
                try product.json("maintain")
                #expect(abandoned.allSatisfy { DurableFiles.status($0) == nil })
                #expect(others.allSatisfy { DurableFiles.status($0) != nil })
                for path in others { try DurableFiles.removeFile(path) }

                try product.json("stop", "-n", "orders")
                let (inside, outside) = (server.dataDirectory + "/pg_wal", product.scratch.file("wal"))
                try SystemCommands().runChecked(Command("mv", [inside, outside]))
                try SystemCommands().runChecked(Command("ln", ["-s", outside, inside]))
                try product.json("start", "-n", "orders")
                #expect(try DurableFiles.list(outside).contains { $0.count == 24 })
                _ = try product.run(["delete", "-n", "orders", "--yes", "--purge"]).checked()
                #expect(DurableFiles.status(outside) == nil)
                #expect(try product.serverFolders() == [])
            }
        }
    }
}
