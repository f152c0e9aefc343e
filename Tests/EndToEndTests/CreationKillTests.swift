import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// SIGKILL at every step of making a server and of backing it up.
    @Suite(.serialized)
    struct CreationKillTests {
        private static let request = [
            "create", "-n", "orders", "-u", "bob", "-p", ProductUnderTest.adminPassword,
        ]

        @Test func `a creation that is killed leaves nothing, or a whole server`() throws {
            try ProductUnderTest.use("killcreate") { product in
                for step in ["claim", "initialize", "repository", "configure", "start", "admin", "complete"] {
                    let killed = try product.run(
                        Self.request, environment: ["PITR_KILL_AT": "create: " + step])
                    #expect(killed.exitStatus == 137, "\(step): \(killed)")
                    #expect(
                        try product.json("show", "-n", "orders")["state"] == "Provisioning", "after \(step)")
                    #expect(
                        try product.run(["start", "-n", "orders"]).errors.contains("ServerBusy"),
                        "after \(step)")
                    let data = try product.serverFolders().first.map { "\(product.home)/servers/\($0)/data" }
                    let actions = try product.json("maintain").array ?? []
                    #expect(
                        actions.map { $0["outcome"] } == ["done"] && actions.first?["server"] == "orders",
                        "after \(step): \(JSONValue.array(actions).printed())")
                    if let data { #expect(ProductUnderTest.postmaster(of: data) == nil, "after \(step)") }
                    #expect(try product.serverNames() == [] && product.serverFolders() == [], "after \(step)")
                    #expect(
                        try DurableFiles.listIfPresent(product.home + "/repository") == [], "after \(step)")
                }
                let server = try product.create("orders")
                #expect(try server.connect().value("SELECT current_user") == "bob")
            }
        }

        @Test func `a server that was killed before its first backup gets it from maintain`() throws {
            try ProductUnderTest.use("killfirst") { product in
                let killed = try product.run(Self.request, environment: ["PITR_KILL_AT": "create: backup"])
                #expect(killed.exitStatus == 137)
                let server = try product.server("orders")
                #expect(try product.earliest("orders") == nil)
                try product.refuses(
                    ["restore", "-n", "copy", "--source-server", "orders"], saying: "no complete base backup")
                let actions = try product.json("maintain").array ?? []
                #expect(actions.contains { $0["action"] == "backup" && $0["outcome"] == "done" })
                try server.connect().execute("CREATE TABLE t (x int)")
                _ = try product.restore("copy", from: "orders")
            }
        }

        @Test func `a backup that is killed is no backup, and is cleared away`() throws {
            try ProductUnderTest.use("killbackup") { product in
                let source = try product.create("orders")
                try source.connect().execute(
                    "CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 9999) g")
                // WAL from before the first backup is of no use: maintenance says so once.
                try product.json("maintain")
                let folder = source.repository + "/backups"
                let first = try DurableFiles.list(folder)
                for step in ["begin", "checkpoint", "base backup", "archiving the backup's WAL"] {
                    let killed = try product.run(
                        ["backup", "create", "-s", "orders", "-n", "extra"],
                        environment: ["PITR_KILL_AT": "backup: " + step])
                    #expect(killed.exitStatus == 137, "\(step): \(killed)")
                    #expect(
                        try product.json("backup", "list", "-s", "orders").array?.count == 1, "after \(step)")
                    #expect(
                        try ProductUnderTest.eventually {
                            try source.superuser().value(
                                "SELECT count(*) FROM pg_stat_activity "
                                    + "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                            ) == "0"
                        })
                    let actions = try product.json("maintain").array ?? []
                    #expect(
                        actions.map { $0["outcome"] } == ["done"]
                            && actions.first?["action"] == "end-operation",
                        "after \(step): \(JSONValue.array(actions).printed())")
                    #expect(try DurableFiles.list(folder) == first, "after \(step)")
                }
                let killed = try product.run(
                    ["backup", "create", "-s", "orders", "-n", "whole"],
                    environment: ["PITR_KILL_AT": "backup: complete"])
                #expect(killed.exitStatus == 137)
                _ = try product.json("maintain")
                let copy = try product.restore("copy", from: "orders", ["--backup", "whole"]).server
                #expect(try copy.superuser().value("SELECT count(*) FROM t") == "9999")
                try product.json("backup", "create", "-s", "orders", "-n", "extra")
                #expect(try product.json("backup", "list", "-s", "orders").array?.count == 3)
            }
        }
    }
}
