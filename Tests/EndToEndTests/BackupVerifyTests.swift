import Notation
import Platform
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Backups that are checked where they lie, and what follows from what was found.
    @Suite(.serialized)
    struct BackupVerifyTests {
        @Test func `a check names the damaged file, and list, plan, doctor and maintenance know of it`()
            throws
        {
            try ProductUnderTest.use("verify") { product in
                let source = try product.create("orders")
                let first = try #require(try Self.backups(product).first)
                #expect(first["local"]?["lastCheck"] == .null)
                let due = try product.json("maintain", "--as-of", "2099-01-01T00:00:00Z", "--dry-run").array
                #expect(due?.contains { $0["reason"] == "never checked" } == true, "\(due as Any)")

                let sound = try product.json("backup", "verify", "-s", "orders", "--max-rate", "500").array?
                    .first
                #expect(
                    sound?["outcome"] == "Sound" && sound?["walSegments"]?.integer ?? 0 > 0, "\(sound as Any)"
                )
                #expect(try Self.backups(product)[0]["local"]?["lastCheck"]?["outcome"] == "Sound")

                let name = try #require(first["name"]?.string)
                let file = source.repository + "/backups/\(name)/data/base/1/1255.zst"
                let before = try DurableFiles.read(file)
                var spoiled = before
                spoiled[before.count / 2] ^= 0xFF
                try Self.overwrite(file, spoiled)
                try product.refuses(
                    ["backup", "verify", "-s", "orders", "-n", name], saying: "BackupDamaged", "base/1/1255")
                #expect(
                    try Self.backups(product)[0]["local"]?["lastCheck"]?["outcome"] == "DamagedFiles")
                #expect(try product.run(["doctor"]).output.contains("base/1/1255"))
                try product.refuses(["plan", "-s", "orders"], saying: "NoUsableBackup", "base/1/1255")
                _ = try product.run(["backup", "create", "-s", "orders", "-n", "second"]).checked()
                let plan = try product.json("plan", "-s", "orders")
                #expect(plan["baseBackup"]?["name"] == "second", "\(plan.printed())")
                try product.refuses(
                    ["backup", "verify", "-s", "orders", "--all"], saying: "is damaged",
                    "base/1/1255")

                try Self.overwrite(file, before)
                try product.json("backup", "verify", "-s", "orders")
                #expect(try product.json("doctor").array?.allSatisfy { $0["level"] == "ok" } == true)

                let start = try #require(first["local"]?["startLsn"]?.string.flatMap { LSN($0) })
                let segment = SegmentName(timeline: TimelineID(1), containing: start, size: .standard)
                let archived = source.repository + "/wal/00000001/\(segment.fileName).zst"
                try DurableFiles.rename(archived, to: archived + ".away")
                try product.refuses(
                    ["backup", "verify", "-s", "orders", "-n", name], saying: "BackupDamaged",
                    segment.fileName)
                #expect(try Self.backups(product)[0]["local"]?["lastCheck"]?["outcome"] == "DamagedWAL")
                try DurableFiles.rename(archived + ".away", to: archived)
                try product.refuses(
                    ["backup", "verify", "-s", "orders", "-n", "none"], status: 3, saying: "none")
            }
        }

        private static func backups(_ product: ProductUnderTest) throws -> [JSONValue] {
            try product.json("backup", "list", "-s", "orders").array ?? []
        }

        private static func overwrite(_ path: String, _ bytes: [UInt8]) throws {
            try DurableFiles.write(bytes, to: path)
            try RunAs.handOver(path)
        }
    }
}
