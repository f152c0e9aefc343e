import Notation
import Platform
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// SIGKILL at every step of a delete and of a purge.
    @Suite(.serialized)
    struct DeletionKillTests {
        private static let steps = [
            "delete: stop", "delete: files", "delete: catalog", "delete: note", "purge: files",
            "purge: catalog",
        ]

        @Test func `a delete that is killed can be repeated, and then nothing is left but its evidence`()
            throws
        {
            try ProductUnderTest.use("killdelete") { product in
                _ = try product.create("orders")
                for step in Self.steps {
                    let copy = try product.restore("copy", from: "orders").server
                    let killed = try product.run(
                        ["delete", "-n", "copy", "--purge", "--yes"], environment: ["PITR_KILL_AT": step])
                    #expect(killed.exitStatus == 137, "\(step): \(killed)")
                    let actions = try product.json("maintain").array ?? []
                    #expect(
                        !actions.contains { $0["outcome"]?.string?.hasPrefix("failed") == true },
                        "\(step): \(JSONValue.array(actions).printed())")
                    if step == "delete: note" {
                        let noted = try product.json("evidence", "show", "-n", copy.id)
                        #expect(noted["copyDeletedTimeUtc"]?.string != nil, "maintain did not note it")
                    }
                    _ = try product.run(["delete", "-n", "copy", "--purge", "--yes"]).checked()

                    #expect(try product.serverNames() == ["orders"], "\(step)")
                    #expect(try product.json("list", "--deleted") == [], "\(step)")
                    for place in ["servers", "repository"] {
                        let left = try DurableFiles.list(product.home + "/" + place)
                        #expect(left.count == 1, "\(step): \(place) has \(left)")
                    }
                    let kept = try product.json("evidence", "show", "-n", copy.id)
                    #expect(
                        kept["copyDeletedTimeUtc"]?.string != nil, "\(step): evidence of a copy that is there"
                    )
                }
            }
        }
    }
}
