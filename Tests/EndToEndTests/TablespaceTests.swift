import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Tablespaces outside the source's data directory: a copy has them inside its own, and whatever is done
    /// to it leaves the source's files alone.
    @Suite(.serialized)
    struct TablespaceTests {
        @Test func `a tablespace made after the backup lies inside the copy`() throws {
            try ProductUnderTest.use("spacelater") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                let before = try connection.moment()
                let place = try Self.place(product, "elsewhere")
                try connection.execute("CREATE TABLESPACE far LOCATION '\(place)'")
                try Self.fill(connection, "far")
                let plan = try product.json("plan", "--source-server", "orders")
                #expect(plan["tablespaces"]?.array?.first?["location"]?.string == place)
                #expect(plan["tablespaces"]?.array?.first?["createdAtLsn"]?.string != nil)

                let copy = try product.restore("copy", from: "orders")
                try Self.expectApart(product, copy, source, places: [place])
                let early = try product.restore("early", from: "orders", ["--restore-time", before])
                #expect(
                    try early.server.superuser().value(
                        "SELECT count(*) FROM pg_tablespace WHERE spcname = 'far'") == "0")
                #expect(try DurableFiles.list(early.server.dataDirectory + "/pg_tblspc") == [])
            }
        }

        @Test func `a tablespace in the backup lies inside the copy, and inside a copy of that`() throws {
            try ProductUnderTest.use("spacebefore") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                let place = try Self.place(product, "elsewhere")
                try connection.execute("CREATE TABLESPACE far LOCATION '\(place)'")
                try Self.fill(connection, "far")
                try product.json("backup", "create", "-s", "orders", "-n", "second")
                try connection.execute("INSERT INTO t SELECT generate_series(1001, 2000)")
                let plan = try product.json("plan", "--source-server", "orders")
                #expect(plan["baseBackup"]?["name"] == "second")
                #expect(plan["tablespaces"]?.array?.first?["location"]?.string == place)

                let first = try product.restore("first", from: "orders")
                #expect(try first.server.superuser().value("SELECT count(*) FROM t") == "2000")
                try product.waitForFirstBackup(of: "first")
                let second = try product.restore("second", from: "first")
                #expect(try second.server.superuser().value("SELECT count(*) FROM t") == "2000")
                try Self.expectApart(product, second, source, places: [place])
                try Self.expectApart(product, first, source, places: [place])
            }
        }

        @Test func `records that cross pages and segments are changed as well, while replay runs`() throws {
            try ProductUnderTest.use("spacecross") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                // Behind the segments that lie there before replay begins.
                for _ in 1...3 { try connection.execute("CREATE TABLE x (i int); DROP TABLE x") }
                for _ in 1...3 { try connection.execute("SELECT pg_switch_wal()") }
                var places: [String] = []
                func make(_ name: String) throws {
                    let long = String(repeating: name + "-", count: 120 / name.count)
                    var path = try Self.place(product, long)
                    for _ in 1...3 { path = try Self.place(path, long) }
                    try connection.execute("CREATE TABLESPACE \(name) LOCATION '\(path)'")
                    places.append(path)
                }
                for number in 1...8 { try make("page\(number)") }
                var crosses = false
                for number in 1...6 where !crosses {
                    try connection.execute(OfflineServer.padSegment(leaving: 500))
                    let before = try connection.value("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
                    try make("segment\(number)")
                    let after = try connection.value("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
                    crosses = before != after
                }
                #expect(crosses)
                try Self.fill(connection, "page1")
                let copy = try product.restore("copy", from: "orders")
                try Self.expectApart(product, copy, source, places: places)
            }
        }

        @Test(arguments: [true, false])
        func `a tablespace within the data directory is taken once`(isInBackup: Bool) throws {
            try ProductUnderTest.use("spacewithin") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                let place = try Self.place(source.dataDirectory, "own")
                func make() throws {
                    try connection.execute("CREATE TABLESPACE own LOCATION '\(place)'")
                    try Self.fill(connection, "own")
                }
                if isInBackup { try make() }
                try product.json("backup", "create", "-s", "orders", "-n", "second")
                if !isInBackup { try make() }
                let copy = try product.restore("copy", from: "orders")
                #expect(copy.evidence["baseBackup"] == "second")
                #expect(try DurableFiles.listIfPresent(copy.server.dataDirectory + "/own") == [])
                try Self.expectApart(product, copy, source, places: [place])
            }
        }

        // MARK: Tools

        private static func place(_ product: ProductUnderTest, _ name: String) throws -> String {
            let path = try product.scratch.directory(name)
            try RunAs.handOver(path)
            return path
        }

        private static func place(_ parent: String, _ name: String) throws -> String {
            let path = parent + "/" + name
            try DurableFiles.makeDirectory(path)
            try RunAs.handOver(path)
            return path
        }

        /// Autovacuum would give the tables maps of their own, and files that nobody else made.
        private static func fill(_ connection: Connection, _ space: String) throws {
            try connection.execute(
                """
                CREATE TABLE t WITH (autovacuum_enabled = off) TABLESPACE \(space)
                  AS SELECT generate_series(1, 1000) AS i;
                CREATE TABLE u WITH (autovacuum_enabled = off) TABLESPACE \(space) AS SELECT 1 AS i;
                CREATE INDEX ON t (i) TABLESPACE \(space);
                """)
        }

        /// Empties, drops and vacuums on the copy, restarts both, and finds the source as it was.
        private static func expectApart(
            _ product: ProductUnderTest, _ copy: RestoredServer, _ source: ManagedServer, places: [String],
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let own = copy.server.dataDirectory + "/pg_tblspc"
            let names = try DurableFiles.list(own)
            #expect(names.count == places.count, sourceLocation: sourceLocation)
            for name in names {
                #expect(
                    DurableFiles.status(own + "/" + name)?.kind == .directory, sourceLocation: sourceLocation)
            }
            #expect(
                copy.evidence["checks"]?.array?.compactMap(\.string).contains {
                    $0.contains("inside the copy")
                } == true, sourceLocation: sourceLocation)
            try product.waitForFirstBackup(of: copy.server.name)
            try product.json("restart", "-n", copy.server.name)
            let before = try places.map { try fingerprint($0) }
            let rows = try source.superuser().value("SELECT count(*) FROM t")
            let connection = try copy.server.superuser()
            #expect(
                try connection.value("SELECT count(*) FROM t") == rows, sourceLocation: sourceLocation)
            try connection.execute("VACUUM FULL t")
            try connection.execute("TRUNCATE t; DROP TABLE u; CHECKPOINT")
            try connection.execute("VACUUM ANALYZE")
            connection.close()
            try product.json("restart", "-n", copy.server.name)
            #expect(
                try copy.server.superuser().value("SELECT count(*) FROM t") == "0",
                sourceLocation: sourceLocation)
            #expect(try places.map { try fingerprint($0) } == before, sourceLocation: sourceLocation)
            try product.json("restart", "-n", source.name)
            let original = try source.superuser()
            #expect(try original.value("SELECT count(*) FROM t") == rows, sourceLocation: sourceLocation)
            #expect(try original.value("SELECT count(*) FROM u") == "1", sourceLocation: sourceLocation)
        }

        /// Every file below a directory with its size.
        private static func fingerprint(_ path: String) throws -> [String] {
            try DurableFiles.list(path).flatMap { name -> [String] in
                let inner = path + "/" + name
                let status = try #require(DurableFiles.status(inner))
                return status.kind == .directory ? try fingerprint(inner) : ["\(inner) \(status.size)"]
            }
        }
    }
}
