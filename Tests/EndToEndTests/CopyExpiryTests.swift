import Notation
import Platform
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Copies that go by themselves when their time is over.
    @Suite(.serialized)
    struct CopyExpiryTests {
        @Test func `a copy is deleted when its time is over, a held one stays, and both can come back`()
            throws
        {
            try ProductUnderTest.use("copyexpiry") { product in
                _ = try product.create("orders")
                try product.refuses(["update", "-n", "orders", "--expires", "8h"], saying: "does not expire")
                try product.refuses(["update", "-n", "orders", "--hold"], saying: "does not expire")
                let copy = try product.restore("copy", from: "orders", ["--expires", "2s", "--tags", "a=b"])
                #expect(Self.expiry(copy.printed)?.hasPrefix("20") == true)
                #expect(copy.printed["local"]?["heldSince"] == .null)
                #expect(copy.remarks.isEmpty, "\(copy.remarks)")
                let held = try product.restore("held", from: "orders", ["--expires", "1s", "--hold"])
                #expect(held.printed["local"]?["heldSince"]?.string != nil)
                let areOver = try ProductUnderTest.eventually {
                    try Self.expired(product, ["--source", "orders"]) == ["copy", "held"]
                }
                #expect(areOver)
                #expect(try Self.expired(product, ["--tag", "a=b"]) == ["copy"])
                let findings = try product.run(["doctor"]).printed().array ?? []
                let warned = findings.filter { $0["message"]?.string?.contains("its time was over") == true }
                #expect(warned.map { $0["subject"]?.string } == ["server copy"], "\(findings)")
                #expect(warned.first?["level"] == "warning")
                // Looking is not warned at each time: show and list have it.
                for words in [["show", "-n", "copy"], ["list"]] {
                    #expect(try product.run(words).checked().errors.isEmpty)
                }
                #expect(try Self.fate("copy", product) == "pending")
                #expect(try Self.fate("held", product) == "held")

                let isDeleted = try ProductUnderTest.eventually {
                    try product.json("maintain").array?.contains {
                        $0["action"] == "expire-server" && $0["server"] == "copy" && $0["outcome"] == "done"
                    } == true
                }
                #expect(isDeleted)
                #expect(try product.serverNames() == ["held", "orders"])
                let reason = "its time was over"
                let kept = try product.json("evidence", "show", "-n", "copy")
                #expect(kept["copyDeletedBecause"]?.string?.hasPrefix(reason) == true, "\(kept)")
                #expect(try Self.fate("copy", product) == "carriedOut")
                let end = try #require(kept["expiry"]?["expiresAtUtc"]?.string)
                #expect(Self.expiry(copy.printed)?.hasPrefix(end.dropLast()) == true)
                let events = try product.json("activity-log", "list").array ?? []
                let told = events.filter { $0["properties"]?["reason"]?.string?.hasPrefix(reason) == true }
                #expect(told.count == 2, "begun and done")
                // Neither a copy of it nor the revived one inherits its end.
                _ = try product.run([
                    "revive-dropped", "-n", "back", "--source-server", "copy", "-l", "local",
                ]).checked()
                let again = try product.restore("again", from: "held")
                #expect(again.printed["local"]?["heldSince"] == .null)
                #expect(Self.expiry(again.printed) == nil)
                #expect(Self.expiry(try product.json("show", "-n", "back")) == nil)

                _ = try product.run(["update", "-n", "held", "--no-hold"]).checked()
                try product.json("maintain")
                #expect(try product.serverNames() == ["again", "back", "orders"])
            }
        }

        @Test func `without as much uptime it is marked, and warned of before`() throws {
            try ProductUnderTest.use("copyexpiryguard") { product in
                _ = try product.create("orders")
                _ = try product.restore("copy", from: "orders", ["--expires", "30h"])
                let start = SystemWallClock().now()
                func maintain(_ hours: Double) throws -> [JSONValue] {
                    let time = start.advanced(bySeconds: Int64(hours * 3600)).description
                    let actions = try product.run(["maintain", "--as-of", time]).value().array ?? []
                    return actions.filter { $0["action"]?.string?.hasSuffix("-backup") == false }.filter {
                        $0["server"] == "copy" && $0["action"]?.string?.contains("exp") == true
                            && $0["action"] != "expire-wal"
                    }
                }
                #expect(try maintain(5) == [])
                #expect(try maintain(7).map { $0["action"] } == ["warn-expiry"])
                #expect(try maintain(8) == [], "warned once")
                #expect(try maintain(29.5).map { $0["action"] } == ["warn-expiry"])
                let events = try product.json("activity-log", "list").array ?? []
                let warnings = events.filter {
                    $0["operationName"]?["localizedValue"] == "Warn of PostgreSQL Server Expiry"
                }
                #expect(warnings.count == 2, "\(events)")

                // The catalog is lost, and knows it again from the description.
                let before = Self.expiry(try product.json("show", "-n", "copy"))
                _ = try product.run(["stop", "-n", "copy"]).checked()
                _ = try product.run(["update", "-n", "copy", "--hold"]).checked()
                #expect(try DurableFiles.removeFile(product.home + "/catalog.sqlite"))
                _ = try product.run(["doctor", "--rebuild-catalog"]).checked()
                let shown = try product.json("show", "-n", "copy")
                #expect(Self.expiry(shown) == before && shown["local"]?["heldSince"]?.string != nil)
                #expect(try maintain(31) == [], "held")
                _ = try product.run(["update", "-n", "copy", "--no-hold"]).checked()

                // The clock alone marks it, whatever it says; a day of uptime later it goes.
                let marked = try maintain(31)
                #expect(marked.map { $0["outcome"] } == ["marked"], "\(marked)")
                #expect(marked.first?["reason"]?.string?.contains("24 more hours") == true)
                #expect(try maintain(31) == [])
                try Self.pass(product, hours: 23)
                #expect(try maintain(31) == [])
                try Self.pass(product, hours: 1.1)
                #expect(try product.serverNames() == ["copy", "orders"])
                // Another time begins anew.
                _ = try product.run(["update", "-n", "copy", "--expires", "3h"]).checked()
                let anew = try maintain(4)
                #expect(anew.first?["reason"]?.string?.contains("3 more hours") == true, "\(anew)")
                try Self.pass(product, hours: 3.1)
                #expect(try maintain(2.9).map { $0["action"] } == ["warn-expiry"], "not over by the clock")
                _ = try product.run(["update", "-n", "copy", "--expires", "never"]).checked()
                #expect(try maintain(40) == [])
                _ = try product.run(["update", "-n", "copy", "--expires", "3h"]).checked()
                try Self.pass(product, hours: 3.1)
                #expect(try maintain(4).map { $0["outcome"] } == ["done"])
                #expect(try product.serverNames() == ["orders"])
            }
        }

        private static func expiry(_ shown: JSONValue) -> String? { shown["local"]?["expiresAt"]?.string }

        private static func fate(_ copy: String, _ product: ProductUnderTest) throws -> String? {
            try product.json("evidence", "show", "-n", copy)["expiry"]?["fate"]?.string
        }

        private static func expired(_ product: ProductUnderTest, _ options: [String]) throws -> [String] {
            try product.run(["list", "--expired"] + options).value().array?.compactMap { $0["name"]?.string }
                ?? []
        }

        /// As if the machine had been up for so much longer.
        private static func pass(_ product: ProductUnderTest, hours: Double) throws {
            let path = product.home + "/expiry.json"
            var document = try #require(try JSONValue.parse(try DurableFiles.read(path)).object)
            let counted: Double =
                switch document["counted"] {
                case .double(let number)?: number
                case .integer(let number)?: Double(number)
                default: 0
                }
            document["counted"] = .double(counted + hours * 3600)
            try DurableFiles.write(Array(JSONValue.object(document).printed().utf8), to: path)
            try RunAs.handOver(path)
        }
    }
}
