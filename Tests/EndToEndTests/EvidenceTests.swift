import Platform
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
                let copy = try product.restore("copy", from: "orders")
                let shown = try product.json("evidence", "show", "-n", "copy")
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

                _ = try product.run(["delete", "-n", "copy", "--purge", "--yes"]).checked()
                let later = try product.json("evidence", "show", "-n", copy.server.id)
                #expect(later["evidence"] == copy.evidence && later["copyDeletedTimeUtc"]?.string != nil)
                #expect(later["recoveryLog"] == shown["recoveryLog"])
                let listed = try product.json("evidence", "list", "-s", "orders").array ?? []
                #expect(listed.map { $0["newServerId"]?.string } == [copy.server.id])
                #expect(try product.json("evidence", "list", "-s", "stock") == [])
                let byID = try product.json("evidence", "list", "-s", source.id).array ?? []
                #expect(byID.count == 1)

                _ = try product.run(["evidence", "delete", "-n", "copy", "--yes"]).checked()
                #expect(try product.json("evidence", "list") == [])
                let gone = try product.run(["evidence", "show", "-n", "copy"])
                #expect(gone.exitStatus == 3 && gone.errors.contains("there is no evidence"), "\(gone)")
            }
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
