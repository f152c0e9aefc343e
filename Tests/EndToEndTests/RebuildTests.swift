import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// The catalog is lost or damaged, and made again from what is on the disk.
    @Suite(.serialized)
    struct RebuildTests {
        private static let rebuild = ["doctor", "--rebuild-catalog"]

        @Test func `a lost catalog comes back with everything but its operations`() throws {
            try ProductUnderTest.use("lost") { product in
                let source = try product.create("orders", ["--tags", "team=shop"])
                try source.connect().execute("CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 99) g")
                try Self.furnish(product)
                _ = try product.restore("copy", from: "orders")
                try product.openFirewall("copy")
                try product.json("backup", "create", "-s", "orders", "-n", "mine")
                let dropped = try product.create("former")
                try product.delete("former")
                let isQuiet = try ProductUnderTest.eventually {
                    try product.earliest("copy") != nil
                        && DurableFiles.list(product.home + "/operations") == []
                }
                #expect(isQuiet)
                try product.json("maintain")
                let before = try Self.facts(product)

                #expect(try DurableFiles.removeFile(product.home + "/catalog.sqlite"))
                for command in [
                    ["list"], ["show", "-n", "orders"], ["create", "-n", "other"], ["maintain"],
                ] {
                    try Self.requireRefusal(product, command)
                }
                let answer = try product.run(["doctor"])
                let sick = try answer.printed().array ?? []
                #expect(answer.exitStatus == 1, "\(answer)")
                #expect(sick.contains { $0["remedy"]?.string?.contains("--rebuild-catalog") == true })
                let made = try product.run(Self.rebuild).value().array ?? []
                #expect(
                    made.first?["message"]?.string?.hasPrefix("rebuilt with 3 servers; past operations")
                        == true,
                    "\(JSONValue.array(made).printed())")
                #expect(
                    made.allSatisfy { $0["level"] == "ok" }, "\(JSONValue.array(made).printed())")

                #expect(try Self.facts(product) == before)
                #expect(
                    try product.json("list", "--deleted").array?.first?["local"]?["id"]?.string == dropped.id)
                let left = try product.json("maintain").array ?? []
                #expect(left == [], "\(JSONValue.array(left).printed())")
                #expect(try source.connect().value("SELECT count(*) FROM t") == "99")
                let again = try product.restore("again", from: "orders").server
                #expect(try again.superuser().value("SELECT count(*) FROM t") == "99")
                _ = try product.run(
                    ["revive-dropped", "-n", "former", "--source-server", "former", "--location", "local"]
                ).checked()
            }
        }

        /// Rules, parameters, retention and tags, so that there is something to be lost.
        private static func furnish(_ product: ProductUnderTest) throws {
            try product.json(
                "firewall-rule", "create", "-s", "orders", "-n", "office", "--start-ip-address", "10.1.0.0",
                "--end-ip-address", "10.1.0.255")
            try product.json("parameter", "set", "-s", "orders", "-n", "work_mem", "-v", "8192")
            try product.json("update", "-n", "orders", "--backup-retention", "20")
            try product.json("update", "-n", "orders", "--backup-retention", "9", "--tags", "a=b")
            try product.json("group", "create", "-n", "empty", "--location", "westeurope", "--tags", "x=y")
        }

        /// What a person sees of servers, rules, parameters, backups and groups; not what changes by itself.
        private static func facts(_ product: ProductUnderTest) throws -> [String] {
            var facts: [JSONValue] = []
            for name in try product.serverNames() {
                let server = try product.server(name)
                facts.append(stable(try product.json("show", "-n", name)))
                facts.append(try product.json("firewall-rule", "list", "-s", name))
                facts.append(try product.json("parameter", "show", "-s", name, "-n", "work_mem"))
                facts.append(try product.json("backup", "list", "-s", name))
                facts.append(.string(try text(server.repository + "/server.json")))
            }
            facts.append(try product.json("group", "list"))
            facts.append(.array((try product.json("list", "--deleted").array ?? []).map(stable)))
            facts.append(.string(try text(product.home + "/groups.json")))
            return facts.map { $0.printed() }
        }

        private static func text(_ path: String) throws -> String {
            String(decoding: try DurableFiles.read(path), as: UTF8.self)
        }

        private static func stable(_ server: JSONValue) -> JSONValue {
            guard var object = server.object, var local = object["local"]?.object else { return server }
            for name in ["latestRestoreDate", "diskUsage", "archiver"] { local[name] = nil }
            object["local"] = .object(local)
            // Who made and changed it is told by operations, which do not come back.
            object["systemData"] = object["systemData"]?["createdAt"]
            return .object(object)
        }

        private static func requireRefusal(_ product: ProductUnderTest, _ command: [String]) throws {
            let answer = try product.run(command)
            #expect(answer.exitStatus == 1, "\(answer)")
            #expect(
                answer.errors.contains("StateDamaged") && answer.errors.contains("doctor --rebuild-catalog"),
                "\(answer)")
        }

        @Test(arguments: ["truncated", "emptied", "overwritten", "pages", "journal"])
        func `a damaged catalog is put aside and made again`(how: String) throws {
            try ProductUnderTest.use("damaged") { product in
                let source = try product.create("orders")
                let before = try Self.facts(product)
                let catalog = product.home + "/catalog.sqlite"
                var bytes = try DurableFiles.read(catalog)
                switch how {
                case "truncated": bytes = Array(bytes.prefix(bytes.count / 2))
                case "emptied": bytes = []
                case "pages": for index in 3 * 4096..<bytes.count { bytes[index] = UInt8(index & 0xFF) }
                default: for index in 0..<4096 { bytes[index] = UInt8(index & 0xFF) }
                }
                try SystemCommands().runChecked(Command("truncate", ["-s", "0", catalog]))
                try Self.overwrite(catalog, bytes)
                if how == "journal" { try Self.overwrite(catalog + "-journal", bytes) }
                try Self.requireRefusalOrFinding(product)
                let made = try product.run(Self.rebuild).value().array ?? []
                #expect(made.first?["message"]?.string?.contains("what was there is kept as") == true)
                #expect(try Self.facts(product) == before)
                let names = try DurableFiles.list(product.home).filter { $0.contains("sqlite.damaged-") }
                #expect(names.count == (how == "journal" ? 2 : 1))
                #expect(try DurableFiles.read(product.home + "/" + names[0]) == bytes)
                #expect(DurableFiles.status(catalog + "-journal") == nil)
                #expect(try source.connect().value("SELECT 1") == "1")
            }
        }

        private static func overwrite(_ path: String, _ bytes: [UInt8]) throws {
            try DurableFiles.write(bytes, to: path, permissions: 0o644)
            try RunAs.handOver(path)
        }

        /// Damage in a page that a command does not read shows only when all are looked at.
        private static func requireRefusalOrFinding(_ product: ProductUnderTest) throws {
            let findings = try product.run(["doctor"]).printed().array ?? []
            #expect(
                findings.contains { $0["remedy"]?.string?.contains("--rebuild-catalog") == true },
                "\(JSONValue.array(findings).printed())")
        }

        @Test func `an intact catalog, and one that is in use, are left as they are`() throws {
            try ProductUnderTest.use("intact") { product in
                _ = try product.create("orders")
                let catalog = product.home + "/catalog.sqlite"
                let before = try DurableFiles.read(catalog)
                try product.refuses(Self.rebuild, saying: "the catalog is intact")
                try DurableFiles.rename(catalog, to: catalog + ".away")
                let lock = try DirectoryLock.wait(product.home + "/locks/catalog", .shared)
                let busy = try product.run(Self.rebuild)
                #expect(busy.exitStatus == 1 && busy.errors.contains("ServerBusy"), "\(busy)")
                lock.release()
                #expect(DurableFiles.status(catalog) == nil)
                try DurableFiles.rename(catalog + ".away", to: catalog)
                #expect(try DurableFiles.read(catalog) == before)
                #expect(try product.serverNames() == ["orders"])
            }
        }

        @Test func `servers that were being made when it was lost are cleared away by maintain`() throws {
            try ProductUnderTest.use("halfmade") { product in
                _ = try product.create("orders")
                for step in ["claim", "stage WAL", "prove", "complete"] {
                    let killed = try product.run(
                        ["restore", "-n", "copy", "--source-server", "orders"],
                        environment: ["PITR_KILL_AT": step])
                    #expect(killed.exitStatus == 137, "\(step): \(killed)")
                    #expect(try DurableFiles.removeFile(product.home + "/catalog.sqlite"))
                    let made = try product.run(Self.rebuild).value().array ?? []
                    #expect(
                        made.contains {
                            $0["subject"] == "server copy" && $0["level"] == "warning"
                                && $0["message"] == "it was never finished"
                        }, "\(step): \(JSONValue.array(made).printed())")
                    #expect(try product.json("show", "-n", "copy")["state"] == "Provisioning")
                    #expect(try product.run(["start", "-n", "copy"]).errors.contains("ServerBusy"))
                    let actions = try product.json("maintain").array ?? []
                    #expect(
                        actions.contains { $0["server"] == "copy" && $0["outcome"] == "done" },
                        "after \(step)")
                    #expect(try product.serverNames() == ["orders"], "after \(step)")
                    #expect(try product.serverFolders().count == 1, "after \(step)")
                }
                let killed = try product.run(
                    ["backup", "create", "-s", "orders", "-n", "extra"],
                    environment: ["PITR_KILL_AT": "backup: base backup"])
                #expect(killed.exitStatus == 137)
                #expect(try DurableFiles.removeFile(product.home + "/catalog.sqlite"))
                _ = try product.run(Self.rebuild).checked()
                let actions = try product.json("maintain").array ?? []
                #expect(actions.contains { $0["subject"] == "extra.incomplete" && $0["outcome"] == "done" })
                _ = try product.restore("copy", from: "orders")
            }
        }

        @Test func `a server without its description is found by its repository, and that is said`() throws {
            try ProductUnderTest.use("undescribed") { product in
                let source = try product.create("orders")
                try source.connect().execute("CREATE TABLE t (x int); INSERT INTO t VALUES (7)")
                try Self.furnish(product)
                let before = try product.json("show", "-n", "orders")
                let rules = try product.json("firewall-rule", "list", "-s", "orders")
                let description = source.repository + "/server.json"
                let whole = try DurableFiles.read(description)
                for damage in [nil, Array(whole.dropLast(40)), Array(whole.reversed())] {
                    if let damage {
                        try Self.overwrite(description, damage)
                    } else {
                        #expect(try DurableFiles.removeFile(description))
                    }
                    #expect(try DurableFiles.removeFile(product.home + "/catalog.sqlite"))
                    let made = try product.run(Self.rebuild).value().array ?? []
                    let finding = made.first { $0["subject"] == "server orders" }
                    #expect(finding?["level"] == "warning", "\(JSONValue.array(made).printed())")
                    #expect(
                        finding?["message"]?.string?.contains("its group, tags and size are not known")
                            == true)
                    let after = try product.json("show", "-n", "orders")
                    for name in ["state", "administratorLogin", "fullyQualifiedDomainName", "version"] {
                        #expect(after[name] == before[name], "\(name)")
                    }
                    #expect(after["local"]?["systemIdentifier"] == before["local"]?["systemIdentifier"])
                    #expect(after["backup"]?["backupRetentionDays"] == 35)
                    #expect(try product.json("firewall-rule", "list", "-s", "orders") == rules)
                    let memory = try product.json("parameter", "show", "-s", "orders", "-n", "work_mem")
                    #expect(memory["value"] == "8192")
                    // Maintenance writes what was missing.
                    #expect(
                        try product.json("maintain").array?.contains { $0["subject"] == "server.json" }
                            == true)
                }
                let copy = try product.restore("copy", from: "orders").server
                #expect(try copy.superuser().value("SELECT x FROM t") == "7")
            }
        }

        @Test func `what a newer version wrote is refused, and nothing is changed`() throws {
            try ProductUnderTest.use("newer") { product in
                let source = try product.create("orders")
                let description = source.repository + "/server.json"
                let text = try Self.text(description)
                try Self.overwrite(
                    description, Array(text.replacing("\"format\": 1", with: "\"format\": 2").utf8))
                #expect(try DurableFiles.removeFile(product.home + "/catalog.sqlite"))
                let before = try DurableFiles.list(product.home)
                let answer = try product.run(Self.rebuild)
                #expect(answer.exitStatus == 1 && answer.errors.contains("FormatTooNew"), "\(answer)")
                #expect(try DurableFiles.list(product.home) == before)
                try Self.overwrite(description, Array(text.utf8))
                _ = try product.run(Self.rebuild).checked()
                #expect(try product.serverNames() == ["orders"])
            }
        }
    }
}
