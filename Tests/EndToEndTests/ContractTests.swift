import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What a script relies on: exit statuses, names that stay unique, commands that wait for each other.
    @Suite(.serialized)
    struct ContractTests {
        @Test func `wrong use, missing things and taken names have their own exit status`() throws {
            try ProductUnderTest.use("contract") { product in
                _ = try product.create("orders")
                try product.refuses(["restore", "-n", "copy"], status: 2, saying: "--source-server")
                try product.refuses(["create", "-n", "x!"], status: 2, saying: "Server name")
                try product.refuses(["create", "-n", "orders"], saying: "ServerNameAlreadyExists")
                try product.refuses(
                    ["restore", "-n", "orders", "--source-server", "orders"],
                    saying: "ServerNameAlreadyExists")
                try product.refuses(["show", "-n", "nobody"], status: 3, saying: "ResourceNotFound")
                try product.refuses(["list", "-g", "nowhere"], status: 3, saying: "ResourceGroupNotFound")
                try product.refuses(
                    ["restore", "-n", "copy", "--source-server", "orders", "--backup", "none"], status: 3,
                    saying: "there is no backup named 'none'", "known: backup_")
                try product.refuses(
                    ["restore", "-n", "copy", "--source-server", "orders", "--no-wait"],
                    saying: "--no-wait needs the daemon", "pitr serve")
                try product.refuses(["start", "-n", "orders"], saying: "ServerIsNotStopped")
                try product.refuses(
                    ["parameter", "set", "-s", "orders", "-n", "fsync", "-v", "off"], saying: "read-only")
                try product.refuses(
                    ["update", "-n", "orders", "--backup-retention", "3"], status: 2, saying: "7 to 35 days")
            }
        }

        @Test func `restores of one source wait for each other, and all succeed`() throws {
            try ProductUnderTest.use("queue") { product in
                let source = try product.create("orders").connect()
                try source.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (7)")
                for name in ["one", "two", "three"] {
                    _ = try product.start(["restore", "-n", name, "--source-server", "orders"])
                }
                let isDone = try ProductUnderTest.eventually(seconds: 300) {
                    let servers = try product.json("list").array ?? []
                    return servers.count == 4 && servers.allSatisfy { $0["state"] == "Ready" }
                }
                #expect(isDone)
                for name in ["one", "two", "three"] {
                    #expect(try product.server(name).superuser().value("SELECT n FROM t") == "7")
                }
                let events = try product.json("activity-log", "list").array ?? []
                let restores = events.filter {
                    $0["operationName"]?["localizedValue"]?.string?.hasPrefix("Restore") == true
                }
                #expect(restores.filter { $0["status"]?["value"] == "Succeeded" }.count == 3)
            }
        }

        @Test func `an automatic backup is named for its end less a second, as Azure's are`() throws {
            try ProductUnderTest.use("ticks") { product in
                _ = try product.create("orders")
                let backups = try product.json("backup", "list", "-s", "orders").array ?? []
                let completed = try #require(backups.first?["completedTime"]?.string)
                let end = try TimestampParser.parse(completed).get().instant
                let ticks = (end.unixMicroseconds - 1_000_000) * 10 + 621_355_968_000_000_000
                #expect(backups.count == 1 && backups.first?["name"] == .string("backup_\(ticks)"))
            }
        }

        @Test func `a server's JSON has az's names and our own object`() throws {
            try ProductUnderTest.use("names") { product in
                _ = try product.create("orders", ["--tags", "team=shop", "--tier", "Burstable"])
                let shown = try product.json("show", "-n", "orders")
                for name in [
                    "name", "id", "state", "version", "minorVersion", "sku", "storage", "backup", "network",
                    "administratorLogin", "fullyQualifiedDomainName", "location", "tags", "resourceGroup",
                    "systemData", "local",
                ] {
                    #expect(shown[name]?.isNull == false, "\(name)")
                }
                #expect(shown["tags"]?["team"] == "shop")
                #expect(shown["sku"]?["tier"] == "Burstable")
                #expect(shown["backup"]?["earliestRestoreDate"]?.string != nil)
                #expect(shown["local"]?["latestRestoreDate"]?.string != nil)
                try product.refuses(
                    ["backup", "create", "-s", "orders", "-n", "mine"], saying: "Burstable")
            }
        }
    }
}
