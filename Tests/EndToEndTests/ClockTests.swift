import Notation
import Platform
import PostgresClient
import PostgresFormat
import Repository
import TestKit
import Testing

extension EndToEnd {
    /// A clock that is wrong costs no backup and no WAL.
    @Suite(.serialized)
    struct ClockTests {
        @Test func `expiry marks first, deletes after a day of uptime, or at once for who vouches`() throws {
            try ProductUnderTest.use("expiry") { product in
                let source = try product.create("orders")
                try product.json("backup", "create", "-s", "orders", "-n", "second")
                try product.json("backup", "create", "-s", "orders", "-n", "third")
                try product.json("maintain")
                let before = try Self.backups(product)
                let later = "2099-01-01T00:00:00Z"
                let planned = try product.json("maintain", "--as-of", later, "--dry-run").array ?? []
                let due = planned.filter { $0["action"] == "expire-backup" }
                #expect(due.count == 2 && due.allSatisfy { $0["outcome"] == "planned" })
                #expect(
                    due.allSatisfy { $0["reason"]?.string?.contains("24 more hours") == true }, "\(due)")
                let marked = try product.json("maintain", "--as-of", later).array ?? []
                #expect(marked.filter { $0["outcome"] == "marked" }.count >= 2, "\(marked)")
                #expect(!marked.contains { $0["action"] == "expire-wal" }, "\(marked)")
                #expect(try before.isSubset(of: Self.backups(product)))

                // A machine that has been up for a day since, and another clock than at the mark.
                try Self.edit(product) { $0["counted"] = .double((Self.number($0["counted"])) + 86_500) }
                #expect(
                    try product.json("maintain").array?.contains { $0["action"] == "expire-backup" } == false)
                #expect(try before.isSubset(of: Self.backups(product)), "it is not due by the clock")
                try product.json("maintain", "--as-of", later)
                try Self.edit(product) { $0["counted"] = .double((Self.number($0["counted"])) + 86_500) }
                let done = try product.json("maintain", "--as-of", later).array ?? []
                #expect(done.filter { $0["action"] == "expire-backup" && $0["outcome"] == "done" }.count > 0)
                // Taken at the first of these, for there was none of the year 2098: the last usable one.
                #expect(try Self.backups(product).count >= 1)
                #expect(try source.superuser().value("SELECT 1") == "1")

                try product.delete("orders")
                let purge = try product.json("maintain", "--as-of", later).array ?? []
                #expect(purge.contains { $0["action"] == "purge-deleted" && $0["outcome"] == "marked" })
                let accepted = try product.json("maintain", "--as-of", later, "--accept-clock").array ?? []
                #expect(accepted.contains { $0["action"] == "purge-deleted" && $0["outcome"] == "done" })
                #expect(try product.json("list", "--deleted") == [])
            }
        }

        @Test func `a clock that jumped is said by maintain and doctor, and a backup of its is not today's`()
            throws
        {
            try ProductUnderTest.use("jump") { product in
                let source = try product.create("orders")
                try product.json("maintain")
                #expect(try Self.clock(product) == nil)
                // As if the clock had been a year behind when both were looked at.
                try Self.edit(product) { document in
                    guard var anchor = document["anchor"]?.object else { return }
                    anchor["offset"] = .double(Self.number(anchor["offset"]) - 365 * 86_400)
                    document["anchor"] = .object(anchor)
                }
                #expect(try Self.clock(product)?.contains("365 days") == true)
                let actions = try product.json("maintain").array ?? []
                let told = actions.filter { $0["action"] == "check-clock" }
                #expect(told.count == 1 && told.first?["outcome"] == "waits", "\(actions)")
                #expect(
                    try product.json("maintain").array?.contains { $0["action"] == "check-clock" } == false)
                #expect(try Self.clock(product)?.contains("365 days") == true)

                // The only automatic backup says that it is of next year.
                let folder = source.repository + "/backups"
                let name = try #require(try DurableFiles.list(folder).first)
                let file = "\(folder)/\(name)/backup.json"
                var described = try #require(try JSONValue.parse(try DurableFiles.read(file)).object)
                described["crc32c"] = nil
                for name in ["startTime", "stopTime"] { described[name] = "2099-01-01T00:00:00.000000Z" }
                try DurableFiles.write(DescribedDocument.seal(described), to: file)
                try RunAs.handOver(file)
                let taken = try product.json("maintain").array ?? []
                #expect(
                    taken.contains {
                        $0["action"] == "backup" && $0["outcome"] == "done"
                            && $0["reason"]?.string?.contains("the clock was ahead") == true
                    }, "\(taken)")
                #expect(try product.json("maintain").array?.contains { $0["action"] == "backup" } == false)
            }
        }

        private static func backups(_ product: ProductUnderTest) throws -> Set<String> {
            Set(
                try product.json("backup", "list", "-s", "orders").array?.compactMap { $0["name"]?.string }
                    ?? [])
        }

        private static func clock(_ product: ProductUnderTest) throws -> String? {
            try JSONValue.parse(try product.run(["doctor"]).output).array?.first {
                $0["subject"] == "clock"
            }?["message"]?.string
        }

        private static func number(_ value: JSONValue?) -> Double {
            switch value {
            case .integer(let number): Double(number)
            case .double(let number): number
            default: 0
            }
        }

        private static func edit(
            _ product: ProductUnderTest, _ change: (inout JSONObject) throws -> Void
        ) throws {
            let path = product.home + "/expiry.json"
            var document = try #require(try JSONValue.parse(try DurableFiles.read(path)).object)
            try change(&document)
            try DurableFiles.write(Array(JSONValue.object(document).printed().utf8), to: path)
            try RunAs.handOver(path)
        }
    }
}
