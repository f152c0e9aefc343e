import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Small commands around a server's life: for good, all at once, and what the doctor tells of versions.
    @Suite(.serialized)
    struct HousekeepingTests {
        @Test func `a purged server leaves nothing, and cannot be revived`() throws {
            try ProductUnderTest.use("purge") { product in
                let source = try product.create("orders")
                let asked = try product.run(["delete", "-n", "orders", "--purge"])
                #expect(asked.exitStatus == 2 && asked.errors.contains("all of its backups for good"))
                let pin = try DirectoryLock.wait(product.home + "/locks/\(source.id).pin", .shared)
                try RunAs.handOver(pin.path)
                try product.refuses(
                    ["delete", "-n", "orders", "--purge", "--yes"], saying: "ServerBusy",
                    "in use by a restore")
                pin.release()
                _ = try product.run(["delete", "-n", "orders", "--purge", "--yes"]).checked()
                #expect(try product.serverNames() == [] && product.serverFolders() == [])
                #expect(try product.json("list", "--deleted") == [])
                #expect(try DurableFiles.list(product.home + "/repository") == [])
                #expect(try product.json("maintain") == [])
                try product.refuses(
                    ["delete", "-n", "orders", "--purge", "--yes"], status: 3, saying: "orders")
            }
        }

        @Test func `a server that was deleted before can be purged, by its id where names are not enough`()
            throws
        {
            try ProductUnderTest.use("purgelater") { product in
                let first = try product.create("orders")
                try product.delete("orders")
                _ = try product.create("orders")
                _ = try product.run(["delete", "-n", first.id, "--purge", "--yes"]).checked()
                #expect(try product.json("list", "--deleted") == [])
                #expect(try product.serverNames() == ["orders"])
                try product.delete("orders")
                _ = try product.run(["delete", "-n", "orders", "--purge", "--yes"]).checked()
                #expect(try DurableFiles.list(product.home + "/repository") == [])
            }
        }

        @Test func `a first backup that comes after its server's deletion leaves nothing`() throws {
            try ProductUnderTest.use("latebackup") { product in
                let source = try product.create("orders")
                try product.delete("orders")
                let before = try product.json("operation", "list", "--all").array?.count
                // As a restore starts it, without waiting, and as it is found by a delete that was quicker.
                let folder = product.home + "/operations/late"
                try DurableFiles.makeDirectories(folder)
                try DurableFiles.write(
                    Array("{\"server\": \"\(source.id)\"}".utf8), to: folder + "/request.json")
                try RunAs.handOver(product.home + "/operations")
                let worker = try product.run([
                    "_backup-worker", "--operation", "late", "--home", product.home,
                ])
                #expect(worker.errors.contains("was deleted before its backup began"), "\(worker)")
                #expect(try DurableFiles.list(product.home + "/operations") == [])
                #expect(try product.json("operation", "list", "--all").array?.count == before)
            }
        }

        @Test func `all servers stop at once, and stay stopped`() throws {
            try ProductUnderTest.use("stopall") { product in
                _ = try product.create("orders")
                _ = try product.create("stock")
                try product.refuses(["stop"], status: 2, saying: "--name or --all")
                let actions = try product.json("stop", "--all").array ?? []
                #expect(actions.map { $0["outcome"] } == ["done", "done"])
                let states = try product.json("list").array?.compactMap { $0["state"]?.string }
                #expect(states == ["Stopped", "Stopped"])
                #expect(try product.json("stop", "--all") == [])
                #expect(try product.json("start", "--all") == [])
                try product.json("start", "-n", "stock")
                #expect(try product.json("show", "-n", "stock")["state"] == "Ready")
            }
        }

        @Test func `the doctor tells versions, and what a newer one has written`() throws {
            try ProductUnderTest.use("versions") { product in
                let source = try product.create("orders")
                let well = try product.json("doctor").array ?? []
                let formats = well.first { $0["subject"] == "formats" }
                #expect(
                    formats?["message"]?.string?.contains("1 repository of format 1, 1 backup of format 1")
                        == true, "\(JSONValue.array(well).printed())")
                let backups = source.repository + "/backups"
                let backup = try #require(try DurableFiles.list(backups).first)
                for file in [
                    "\(backups)/\(backup)/backup.json", source.repository + "/repository.json",
                    source.repository + "/server.json",
                ] {
                    let before = try DurableFiles.read(file)
                    let text = String(decoding: before, as: UTF8.self)
                    let newer = text.replacing("\"format\": 1,", with: "\"format\": 7,")
                    try Self.overwrite(file, Array(newer.utf8))
                    let answer = try product.run(["doctor"])
                    let sick = try answer.printed().array ?? []
                    #expect(answer.exitStatus == 1, "\(answer)")
                    let found = sick.first { $0["subject"] == "repository of orders" }
                    #expect(
                        found?["message"]?.string?.contains("its format is 7") == true
                            && found?["remedy"] == "Use the newer pitr that wrote it.",
                        "\(file): \(JSONValue.array(sick).printed())")
                    try Self.overwrite(file, before)
                }
                #expect(try product.json("doctor").array?.allSatisfy { $0["level"] == "ok" } == true)
            }
        }

        private static func overwrite(_ path: String, _ bytes: [UInt8]) throws {
            try DurableFiles.write(bytes, to: path)
            try RunAs.handOver(path)
        }

        @Test func `the demo keeps its hands off servers that have its names`() throws {
            try ProductUnderTest.use("demo") { product in
                _ = try product.create("orders")
                try product.refuses(["demo"], saying: "'orders' is one of yours", "pitr demo --home")
                #expect(try product.json("show", "-n", "orders")["state"] == "Ready")
            }
        }
    }
}
