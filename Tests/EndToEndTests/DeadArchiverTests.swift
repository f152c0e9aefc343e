import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

#if canImport(Glibc)
    import Glibc
#endif

extension EndToEnd {
    /// Archiving that is dead without PostgreSQL's counting a failure.
    @Suite(.serialized)
    struct DeadArchiverTests {
        @Test func `a helper that is gone is noticed, told with the reason, and put back`() throws {
            try ProductUnderTest.use("deadarchiver") { product in
                let source = try product.create("orders")
                let folder = product.home + "/lib"
                let helper = try #require(try DurableFiles.list(folder).first)
                let path = folder + "/" + helper
                let size = DurableFiles.status(path)?.size
                try DurableFiles.removeFile(path)
                let connection = try source.superuser()
                _ = try connection.query("SELECT pg_logical_emit_message(true, '', ''), pg_switch_wal()")
                let waiting = source.dataDirectory + "/pg_wal/archive_status"
                #expect(
                    ProductUnderTest.eventually(seconds: 30) {
                        ((try? DurableFiles.list(waiting)) ?? []).contains { $0.hasSuffix(".ready") }
                    })
                #expect(
                    ProductUnderTest.eventually(seconds: 30) {
                        (try? Self.log(source))?.contains("archive command failed") == true
                    })
                try Self.age(source)

                let shown = try product.json("show", "-n", "orders")["local"]?["archiver"]
                #expect(shown?["isFailing"] == true && shown?["failedCount"] == 0, "\(shown as Any)")
                #expect(shown?["waitingFiles"]?.integer ?? 0 > 0)
                #expect(shown?["reason"]?.string?.contains("127") == true, "\(shown as Any)")
                let listed = try product.json("list").array?.first?["local"]?["archiver"]
                #expect(listed?["isFailing"] == true)
                let doctor = try product.run(["doctor"]).output
                #expect(doctor.contains("is not being archived") && doctor.contains("127"), "\(doctor)")

                let actions = try product.json("maintain").array ?? []
                #expect(
                    actions.contains { $0["action"] == "repair-helper" && $0["outcome"] == "done" },
                    "\(JSONValue.array(actions).printed())")
                #expect(DurableFiles.status(path)?.size == size)

                // One that is there and not what its name says is found as well.
                try RunAs.handOver(path)
                let file = try OpenFile(updating: path)
                try file.write([1, 2, 3, 4], at: 4096)
                let again = try product.json("maintain").array ?? []
                #expect(again.contains { $0["action"] == "repair-helper" && $0["outcome"] == "done" })
                #expect(
                    try product.json("maintain").array?.contains { $0["action"] == "repair-helper" } == false)
            }
        }

        /// As if a minute had passed since anything happened.
        private static func age(_ server: ManagedServer) throws {
            let wal = server.repository + "/wal"
            let status = server.dataDirectory + "/pg_wal/archive_status"
            let paths =
                [wal, server.dataDirectory + "/postmaster.pid"]
                + (try DurableFiles.list(wal)).map { wal + "/" + $0 }
                + (try DurableFiles.list(status)).map { status + "/" + $0 }
            let then = time(nil) - 60
            let both = timeval(tv_sec: then, tv_usec: 0)
            for path in paths { utimes(path, [both, both]) }
        }

        private static func log(_ server: ManagedServer) throws -> String {
            var text = ""
            for name in try DurableFiles.list(server.logDirectory) {
                text += String(
                    decoding: try DurableFiles.read(server.logDirectory + "/" + name), as: UTF8.self)
            }
            return text
        }
    }
}
