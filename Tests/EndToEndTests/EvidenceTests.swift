import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What proved a restore is there for whoever asks later, when the copy is long gone.
    @Suite(.serialized)
    struct EvidenceTests {
        @Test func `evidence outlives the copy and its purge, and goes only when it is deleted`() throws {
            try ProductUnderTest.use("evidence") { product in
                let source = try product.create("orders")
                let copy = try product.restore("copy", from: "orders", ["--allow", "127.0.0.1"])
                let shown = try product.json("evidence", "show", "-n", "copy")
                #expect(shown["copyExists"] == true)
                let operation = try #require(copy.evidence["operationId"]?.string)
                let file = product.home + "/evidence/\(operation).json"
                let early = try DurableFiles.read(file)
                #expect(shown["evidence"] == copy.evidence && shown["copyDeletedTimeUtc"] == .null)
                #expect(shown["recoveryLog"]?.string?.contains("archive recovery complete") == true)
                let caller = try #require(copy.evidence["caller"]?.string)
                #expect(caller.contains("uid "), "the person who asked is named")
                let theirs = try product.json("activity-log", "list", "--caller", caller).array ?? []
                let id = copy.evidence["operationId"]?.string
                #expect(theirs.contains { $0["operationId"]?.string == id }, "\(caller)")
                #expect(try product.json("show", "-n", "copy")["systemData"]?["createdBy"]?.string == caller)
                try product.refuses(
                    ["evidence", "delete", "-n", "copy", "--yes"], saying: "the server 'copy' is there")

                try copy.server.connect().close()
                #expect(throws: (any Error).self) { try copy.server.connect(password: "Wrong-Horse-1") }
                // What a copy logs outlives a restart.
                try product.json("restart", "-n", "copy")
                try Self.checkParameters(product)
                let visited = try Self.visitors(of: "copy", product)
                #expect(visited.count == 1 && visited[0]["user"]?.string == copy.server.user)
                #expect((visited[0]["sessions"]?.integer ?? 0) >= 1)

                _ = try product.run(["delete", "-n", "copy", "--purge", "--yes"]).checked()
                let later = try product.json("evidence", "show", "-n", copy.server.id)
                #expect(try Self.visitors(of: copy.server.id, product) == visited)
                let connections = later["connections"]
                #expect(connections?["isLogged"] == true && (connections?["refused"]?.integer ?? 0) >= 1)
                #expect(connections?["lines"]?.string?.contains("user=\(copy.server.user)") == true)
                #expect(connections?["lines"]?.string?.contains("azuresu") == false)
                #expect(later["rules"]?.array?.isEmpty == false)
                try Self.checkExplanation(product, copy)
                try Self.checkExport(product, later)
                #expect(later["evidence"] == copy.evidence && later["copyDeletedTimeUtc"]?.string != nil)
                #expect(later["recoveryLog"] == shown["recoveryLog"])
                let listed = try product.json("evidence", "list", "-s", "orders").array ?? []
                #expect(listed.map { $0["newServerId"]?.string } == [copy.server.id])
                try product.refuses(
                    ["evidence", "list", "-s", "stock"], status: 3, saying: "there is no server 'stock'")
                let byID = try product.json("evidence", "list", "-s", source.id).array ?? []
                #expect(byID.count == 1)

                try Self.checkDeletion(product, early, file, operation)
                let gone = try product.run(["evidence", "show", "-n", "copy"])
                #expect(gone.exitStatus == 3 && gone.errors.contains("there is no evidence"), "\(gone)")
            }
        }

        /// Of evidence whose copy nothing else knows, and of what cannot be read.
        ///
        /// - Parameter early: the evidence as it was while the copy was there.
        private static func checkDeletion(
            _ product: ProductUnderTest, _ early: [UInt8], _ file: String, _ operation: String
        ) throws {
            // As a build left it that did not note the deletion: nothing else knows the copy.
            try DurableFiles.write(early, to: file)
            try RunAs.handOver(file)
            let unnoted = try product.json("evidence", "list").array?.first
            #expect(unnoted?["copyExists"] == false && unnoted?["copyDeletedTimeUtc"] == .null)
            _ = try product.run(["evidence", "delete", "-n", "copy", "--yes"]).checked()
            #expect(try product.json("evidence", "list") == [])
            // One that cannot be read is deleted by its operation's id alone.
            try DurableFiles.write(Array(early.dropLast(9)), to: file)
            try RunAs.handOver(file)
            #expect(try product.run(["evidence", "delete", "-n", "copy", "--yes"]).exitStatus == 1)
            _ = try product.run(["evidence", "delete", "-n", operation, "--yes"]).checked()
            #expect(try product.json("evidence", "list") == [])
        }

        private static func visitors(
            of copy: String, _ product: ProductUnderTest
        ) throws -> [JSONValue] {
            try product.json("evidence", "show", "-n", copy)["connections"]?["visitors"]?.array ?? []
        }

        /// A copy logs who comes and goes by default; its user may say otherwise, and take that back.
        private static func checkParameters(_ product: ProductUnderTest) throws {
            func shown(_ server: String) throws -> [String?] {
                let parameter = try product.json(
                    "parameter", "show", "-s", server, "-n", "log_disconnections")
                return ["value", "defaultValue", "source"].map { parameter[$0]?.string }
            }
            #expect(try shown("copy") == ["on", "on", "system-default"])
            #expect(try shown("orders") == ["off", "off", "system-default"])
            try product.json("parameter", "set", "-s", "copy", "-n", "log_disconnections", "-v", "off")
            #expect(try shown("copy") == ["off", "on", "user-override"])
            #expect(
                try product.json("evidence", "show", "-n", "copy")["connections"]?["isLogged"] == false)
            try product.json(
                "parameter", "set", "-s", "copy", "-n", "log_disconnections", "--source", "system-default")
            #expect(try shown("copy") == ["on", "on", "system-default"])
        }

        /// The restore is explained from what is kept of it, though the copy has gone.
        private static func checkExplanation(_ product: ProductUnderTest, _ copy: RestoredServer) throws {
            let told = try product.json("explain", "-n", "copy")
            #expect(told["restore"]?["evidence"] == copy.evidence)
            let messages =
                told["steps"]?.array?.flatMap { $0["messages"]?.array ?? [] }.compactMap(\.string) ?? []
            let log = told["restore"]?["recoveryLog"]?.string ?? ""
            #expect(!messages.isEmpty && messages == log.split(separator: "\n").map { String($0) })
            try product.refuses(["explain", "-n", "copy", "-s", "orders"], status: 2, saying: "either -s")
            try product.refuses(["explain"], status: 2, saying: "with -s, or with -n")
            try product.refuses(["explain", "-n", "nobody"], status: 3, saying: "there is no evidence")
        }

        private static func checkExport(_ product: ProductUnderTest, _ shown: JSONValue) throws {
            let text = try product.run(["evidence", "export", "copy", "-"]).checked().output
            let exported = try JSONValue.parse(text)
            #expect(exported["restore"] == shown && exported["crc32c"]?.string?.count == 8)
            // A directory of the person's own, in which the servers' account may do nothing.
            let own = product.scratch.file("own")
            try DurableFiles.makeDirectory(own)
            let file = own + "/exported.json"
            for command in [["evidence", "export", "nobody"], ["wal", "get", "-s", "orders", "F00D"]] {
                let failed = try product.run(command + [file])
                #expect(failed.exitStatus != 0 && failed.errors.hasPrefix("ERROR: ("), "\(failed)")
                #expect(try DurableFiles.list(own).isEmpty, "\(failed)")
            }
            _ = try product.run(["evidence", "export", "-n", "copy", file]).checked()
            let again = try JSONValue.parse(String(decoding: DurableFiles.read(file), as: UTF8.self))
            #expect(again["restore"] == shown)
            try product.refuses(
                ["evidence", "export", "copy", file], status: 2, saying: "cannot make the file")
            try product.refuses(
                ["evidence", "export", "-n", "copy", "copy", file], status: 2, saying: "name the copy once")
        }

        @Test func `maintain keeps what a restore that was killed at its end did not`() throws {
            try ProductUnderTest.use("evidencekill") { product in
                _ = try product.create("orders")
                let killed = try product.run(
                    ["restore", "-n", "copy", "-s", "orders"],
                    environment: ["PITR_KILL_AT": "keep evidence"])
                #expect(killed.exitStatus == 137)
                #expect(try product.json("show", "-n", "copy")["state"] == "Ready")
                #expect(try product.json("evidence", "list") == [])
                let actions = try product.json("maintain").array ?? []
                #expect(actions.contains { $0["action"] == "keep-evidence" && $0["outcome"] == "done" })
                let shown = try product.json("evidence", "show", "-n", "copy")
                #expect(
                    try shown["evidence"] == product.json("show", "-n", "copy")["local"]?["evidence"])
                #expect(shown["recoveryLog"]?.string?.contains("archive recovery complete") == true)
                let damaged = try #require(try DurableFiles.list(product.home + "/evidence").first)
                try RunAs().runChecked(
                    Command("truncate", ["-s", "99", product.home + "/evidence/" + damaged]))
                let refused = try product.run(["evidence", "show", "-n", "copy"])
                #expect(refused.exitStatus == 1 && refused.errors.contains("(StateDamaged)"), "\(refused)")
                #expect(try product.run(["evidence", "list"]).exitStatus == 1)
            }
        }
    }
}
