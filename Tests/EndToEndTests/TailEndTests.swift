import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Where the WAL of a source ends that did not stop in order, and what shows that it went on.
    @Suite(.serialized)
    struct TailEndTests {
        @Test func `what a crashed source had flushed is missed when its disk lost it, and can be given up`()
            throws
        {
            try ProductUnderTest.use("tailend") { product in
                let source = try product.create("orders")
                // One that has stopped in order says itself where its WAL ends.
                try product.json("stop", "-n", "orders")
                let stopped = try product.json("plan", "-s", "orders")["hazards"]?.array ?? []
                #expect(!stopped.contains { $0["code"] == "unproven-end" })
                try product.json("start", "-n", "orders")
                let commit = try Self.threeRows(source)
                // The flush position is seen, and kept.
                try product.json("plan", "-s", "orders")
                try UntouchedTests.crash(source)

                let whole = try product.restore("whole", from: "orders")
                #expect(try Self.rows(whole.server) == "1,2,3")
                let remarks = whole.evidence["remarks"]?.array?.compactMap(\.string) ?? []
                #expect(remarks.contains { $0.contains("did not stop in order") }, "\(remarks)")
                let early = try product.run(
                    ["restore", "-n", "copy", "-s", "orders", "--accept-end", commit.description])
                #expect(early.exitStatus == 2 && early.errors.contains("not damaged at its end"), "\(early)")

                try Self.damage(source, commit)
                try Self.givesUp(product, "orders", commit, isHeld: true)
                // What its files told is known when they have gone.
                try product.delete("orders")
                try Self.givesUp(product, source.id, commit, isHeld: false)
                try product.refuses(
                    ["revive-dropped", "-n", "copy", "--source-server", "orders"],
                    saying: "is damaged")
            }
        }

        /// Latest is refused; the place that the refusal names is taken for the end when somebody says so.
        ///
        /// - Parameter isHeld: whether the server is there, whose files alone have the WAL.
        private static func givesUp(
            _ product: ProductUnderTest, _ source: String, _ commit: LSN, isHeld: Bool
        ) throws {
            let refused = try product.run(["restore", "-n", "copy", "-s", source])
            #expect(refused.exitStatus == 1 && refused.errors.contains("(WALDamaged)"), "\(refused)")
            let option = "--accept-end \(commit)"
            #expect(refused.errors.contains("'\(option)'"), "\(refused)")
            #expect(refused.errors.contains("Nearest before it: pitr restore -n copy -s"), "\(refused)")
            #expect(refused.errors.contains("Do not start the server before") == isHeld, "\(refused)")
            let other = try product.run(
                ["restore", "-n", "copy", "-s", source, "--accept-end", commit.advanced(by: 8).description])
            #expect(other.exitStatus == 2 && other.errors.contains("Give \(option)."), "\(other)")
            let copy = try product.restore(
                "copy", from: source, ["--accept-end", commit.description])
            #expect(try rows(copy.server) == "1,2")
            let remarks = copy.evidence["remarks"]?.array?.compactMap(\.string) ?? []
            #expect(remarks.contains { $0.contains("was accepted, and is not proved") }, "\(remarks)")
            try product.delete("copy")
        }

        @Test func `maintain backs a running source up when what it has not archived is damaged`() throws {
            try ProductUnderTest.use("taildamage") { product in
                let source = try product.create("orders")
                let commit = try Self.threeRows(source)
                let connection = try source.superuser()
                // The page leaves the buffers, or it would be written once more.
                try connection.execute("SELECT pg_logical_emit_message(true, '', repeat('x', 200000))")
                try Self.damage(source, commit)
                try connection.execute("INSERT INTO t VALUES (4)")
                let refused = try product.run(["restore", "-n", "copy", "-s", "orders"])
                #expect(refused.exitStatus == 1 && refused.errors.contains("(WALDamaged)"), "\(refused)")
                for words in [
                    "'pitr maintain' takes a base backup", "Nearest before it: pitr restore -n copy",
                ] {
                    #expect(refused.errors.contains(words), "\(refused)")
                }
                #expect(!refused.errors.contains("--accept-end"), "\(refused)")
                for command in ["show", "stats"] {
                    let read = try product.run(["wal", command, "-s", "orders", "0/2000000.."])
                    #expect(
                        read.exitStatus == 1 && read.output.contains("Heap")
                            && read.errors.contains("the WAL is damaged at \(commit)"), "\(read)")
                }
                let actions = try product.json("maintain").array ?? []
                let backup = actions.first { $0["action"] == "backup" }
                #expect(backup?["outcome"] == "done", "\(JSONValue.array(actions).printed())")
                #expect(backup?["reason"]?.string?.contains("is damaged") == true)
                let again = try product.json("maintain").array ?? []
                #expect(!again.contains { $0["action"] == "backup" })
                let copy = try product.restore("copy", from: "orders").server
                #expect(try Self.rows(copy) == "1,2,3,4")
                connection.close()
            }
        }

        /// Rows 1 to 3, a commit each; where the last one's commit record begins. Nothing else is written.
        private static func threeRows(_ source: ManagedServer) throws -> LSN {
            let connection = try source.superuser()
            defer { connection.close() }
            try connection.execute("ALTER SYSTEM SET autovacuum = off")
            try connection.execute("ALTER SYSTEM SET checkpoint_timeout = '30min'")
            try connection.execute("SELECT pg_reload_conf()")
            try connection.execute("CREATE TABLE t (x int)")
            try connection.execute("INSERT INTO t VALUES (1)")
            try connection.execute("INSERT INTO t VALUES (2)")
            try connection.execute("BEGIN; INSERT INTO t VALUES (3)")
            let position = try connection.value("SELECT pg_current_wal_insert_lsn()")
            try connection.execute("COMMIT")
            return try #require(position.flatMap { LSN($0) })
        }

        private static func rows(_ server: ManagedServer) throws -> String? {
            try server.superuser().value("SELECT string_agg(x::text, ',' ORDER BY x) FROM t")
        }

        /// Changes a byte in the middle of the record there.
        private static func damage(_ server: ManagedServer, _ record: LSN) throws {
            let name = SegmentName(timeline: TimelineID(1), containing: record, size: .standard)
            let path = server.dataDirectory + "/pg_wal/" + name.fileName
            let offset = Int(record.distance(from: name.start)) + 30
            let script = #"""
                f="$1"; o="$2"
                b=$(od -An -tu1 -j "$o" -N 1 "$f" | tr -d ' ')
                printf "\\$(printf %o $((b ^ 255)))" | dd of="$f" bs=1 seek="$o" conv=notrunc status=none
                """#
            try RunAs().runChecked(Command("bash", ["-c", script, "flip", path, String(offset)]))
        }
    }
}
