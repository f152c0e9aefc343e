import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// The second copy in the paired location: kept up to date, and enough without the first.
    @Suite(.serialized)
    struct GeoTests {
        @Test func `a pair restores everything that reached it, with the first location gone`() throws {
            try ProductUnderTest.use("geo") { product in
                let source = try product.create(
                    "orders", ["--location", "eastus", "--geo-redundant-backup", "Enabled"])
                try product.refuses(
                    ["geo-restore", "-n", "copy", "--source-server", "orders", "--location", "westus"],
                    saying: "(GeoBackupsNotAvailable) Unable to geo-restore server orders")
                let connection = try source.superuser()
                try connection.execute("CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 700) g")
                let between = try connection.moment()
                try connection.execute("INSERT INTO t VALUES (701)")
                try connection.execute("SELECT pg_switch_wal()")
                try Self.archived(source)
                #expect(try Self.pair(product)["isAvailable"] == false)
                #expect((try Self.pair(product)["missingFiles"]?.integer ?? 0) > 0)

                let actions = try product.json("maintain").array ?? []
                #expect(actions.contains { $0["action"] == "copy-to-pair" && $0["outcome"] == "done" })
                let pair = try Self.pair(product)
                #expect(pair["location"] == "westus" && pair["isAvailable"] == true)
                #expect(pair["missingFiles"] == 0 && pair["missingBackups"] == 0 && pair["lagSeconds"] == 0)
                // Written after the last copying: the pair is brought up to date first.
                try connection.execute("INSERT INTO t VALUES (702)")
                let now = try Self.geoRestore(product, "now", ["--restore-time", Self.tomorrow])
                #expect(try now.superuser().value("SELECT count(*) FROM t") == "702")
                #expect(
                    try Self.notes(product, "now") == ["\(Self.tomorrow) is in the future: taken as now."])
                connection.close()

                ProductUnderTest.endPostmaster(source.dataDirectory)
                try DurableFiles.removeTree(source.folder)
                try DurableFiles.removeTree(source.repository)
                let before = try Fingerprint(of: "\(product.home)/paired")
                let copy = try Self.geoRestore(product, "copy", ["--restore-time", Self.tomorrow])
                #expect(try copy.superuser().value("SELECT count(*) || ' ' || max(x) FROM t") == "701 701")
                let notes = try Self.notes(product, "copy")
                #expect(notes.first?.hasPrefix("Restored from westus alone, because location eastus") == true)
                #expect(notes.last == "\(Self.tomorrow) is in the future: taken as now.")
                #expect(try product.json("show", "-n", "copy")["location"] == "westus")
                let earlier = try Self.geoRestore(product, "earlier", ["--restore-time", between])
                #expect(try earlier.superuser().value("SELECT count(*) FROM t") == "700")
                let after = try Fingerprint(of: "\(product.home)/paired")
                #expect(after.differences(from: before) == [])

                // What is lost of one server keeps no other from its turn.
                let maintain = ["maintain", "--as-of", Self.tomorrow, "--dry-run", "-o", "json"]
                let run = try product.run(maintain)
                #expect(run.exitStatus == 1 && run.errors.contains("orders"), "\(run)")
                // Not while the copy's first one is still being made.
                let isDue = try ProductUnderTest.eventually(seconds: 30) {
                    let due = try JSONValue.parse(Array(product.run(maintain).output.utf8)).array ?? []
                    return due.contains { $0["server"] == "earlier" && $0["action"] == "backup" }
                }
                #expect(isDue)
            }
        }

        @Test func `a pair loses what expired, keeps a deleted server's backups, and goes with a purge`()
            throws
        {
            try ProductUnderTest.use("geolife") { product in
                let source = try product.create(
                    "orders", ["--geo-redundant-backup", "Enabled", "--tier", "GeneralPurpose"])
                try product.json("backup", "create", "-s", "orders", "-n", "first")
                try product.json("maintain")
                let folder = "\(product.home)/paired/local-pair/\(source.id)"
                #expect(try DurableFiles.list(folder + "/backups").contains("first"))
                _ = try product.run(["backup", "delete", "-s", "orders", "-n", "first", "--yes"]).checked()
                try product.json("maintain")
                #expect(try DurableFiles.list(folder + "/backups").contains("first") == false)
                try product.delete("orders")
                try product.json("maintain")
                let copy = try Self.geoRestore(product, "copy", location: "local-pair")
                #expect(try copy.superuser().value("SELECT 1") == "1")
                _ = try product.run(["delete", "-n", source.id, "--purge", "--yes"]).checked()
                #expect(DurableFiles.status(folder) == nil)
            }
        }

        @Test func `refuses a location without a pair, another location, and a server without a second copy`()
            throws
        {
            try ProductUnderTest.use("georules") { product in
                try product.refuses(
                    [
                        "create", "-n", "orders", "--location", "polandcentral", "--geo-redundant-backup",
                        "Enabled",
                    ],
                    saying: "no paired location")
                try product.refuses(
                    ["create", "-n", "orders", "--location", "atlantis"], status: 2, saying: "atlantis")
                #expect(try product.serverNames() == [])
                _ = try product.create("plain")
                try product.refuses(
                    ["geo-restore", "-n", "copy", "--source-server", "plain", "--location", "local-pair"],
                    saying: "without geo-redundant backups")
                _ = try product.create("orders", ["--geo-redundant-backup", "Enabled"])
                try product.refuses(
                    ["geo-restore", "-n", "copy", "--source-server", "orders", "--location", "eastus"],
                    status: 2, saying: "Use --location local-pair")
            }
        }

        private static let tomorrow = "2099-01-01T00:00:00.000000Z"

        /// What was taken for what, where the server, its operation and the activity log say so alike.
        private static func notes(_ product: ProductUnderTest, _ name: String) throws -> [String] {
            let shown = try product.json("show", "-n", name)
            let notes = shown["local"]?["restoredFrom"]?["notes"]?.array?.compactMap(\.string) ?? []
            let operations = try product.json("operation", "list", "--all").array ?? []
            let mine = operations.first {
                $0["resourceId"]?.string == shown["id"]?.string && $0["kind"] == "geo-restore"
            }
            #expect(mine?["notes"]?.array?.compactMap(\.string) == notes)
            let events = try product.json("activity-log", "list").array ?? []
            #expect(
                events.contains { event in
                    event["resourceId"]?.string == shown["id"]?.string
                        && event["properties"]?["notes"]?.string == notes.joined(separator: "\n")
                })
            return notes
        }

        private static func pair(_ product: ProductUnderTest) throws -> JSONValue {
            try #require(try product.json("show", "-n", "orders")["local"]?["geoRedundancy"])
        }

        private static func geoRestore(
            _ product: ProductUnderTest, _ name: String, _ options: [String] = [],
            location: String = "westus"
        ) throws -> ManagedServer {
            _ = try product.run(
                ["geo-restore", "-n", name, "--source-server", "orders", "--location", location] + options
            ).checked()
            return try product.server(name)
        }

        /// Waits until the archiver has caught up with the WAL that is complete.
        private static func archived(_ server: ManagedServer) throws {
            let connection = try server.superuser()
            let done = try ProductUnderTest.eventually {
                try connection.value(
                    """
                    SELECT last_archived_wal >= pg_walfile_name(pg_current_wal_insert_lsn() - 16777216)
                    FROM pg_stat_archiver
                    """) == "t"
            }
            #expect(done, "the archiver did not catch up")
        }
    }
}
