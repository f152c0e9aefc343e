import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Small commands around a server's life: for good, all at once, and what the doctor tells of versions.
    @Suite(.serialized)
    struct HousekeepingTests {
        @Test func `a purged server leaves nothing, and cannot be revived`() throws {
            try ProductUnderTest.use("purge") { product in
                let source = try product.create("orders")
                let asked = try product.run(["delete", "-n", "orders", "--purge"])
                #expect(asked.exitStatus == 2 && asked.errors.contains("all of its backups for good"))
                let pin = try DirectoryLock.wait(product.home + "/locks/\(source.id).pin", .shared)
                try RunAs.handOver(pin.path)
                try product.refuses(
                    ["delete", "-n", "orders", "--purge", "--yes"], saying: "ServerBusy",
                    "in use by a restore")
                pin.release()
                _ = try product.run(["delete", "-n", "orders", "--purge", "--yes"]).checked()
                #expect(try product.serverNames() == [] && product.serverFolders() == [])
                #expect(try product.json("list", "--deleted") == [])
                #expect(try DurableFiles.list(product.home + "/repository") == [])
                #expect(try product.json("maintain") == [])
                try product.refuses(
                    ["delete", "-n", "orders", "--purge", "--yes"], status: 3, saying: "orders")
            }
        }

        @Test func `a server that was deleted before can be purged, by its id where names are not enough`()
            throws
        {
            try ProductUnderTest.use("purgelater") { product in
                let first = try product.create("orders")
                try product.delete("orders")
                try product.refuses(
                    ["timeline", "-s", "orders"], status: 3, saying: "can be read by its id, \(first.id)")
                _ = try product.create("orders")
                _ = try product.run(["delete", "-n", first.id, "--purge", "--yes"]).checked()
                #expect(try product.json("list", "--deleted") == [])
                #expect(try product.serverNames() == ["orders"])
                try product.delete("orders")
                _ = try product.run(["delete", "-n", "orders", "--purge", "--yes"]).checked()
                #expect(try DurableFiles.list(product.home + "/repository") == [])
            }
        }

        @Test func `a first backup that comes after its server's deletion leaves nothing`() throws {
            try ProductUnderTest.use("latebackup") { product in
                let source = try product.create("orders")
                try product.delete("orders")
                let before = try product.json("operation", "list", "--all").array?.count
                // As a restore starts it, without waiting, and as it is found by a delete that was quicker.
                let folder = product.home + "/operations/late"
                try DurableFiles.makeDirectories(folder)
                try DurableFiles.write(
                    Array("{\"server\": \"\(source.id)\"}".utf8), to: folder + "/request.json")
                try RunAs.handOver(product.home + "/operations")
                let worker = try product.run([
                    "_backup-worker", "--operation", "late", "--home", product.home,
                ])
                #expect(worker.errors.contains("was deleted before its backup began"), "\(worker)")
                #expect(try DurableFiles.list(product.home + "/operations") == [])
                #expect(try product.json("operation", "list", "--all").array?.count == before)
            }
        }

        @Test func `a maintenance window gives daily work its hour, and newer minor versions their week`()
            throws
        {
            try ProductUnderTest.use("window") { product in
                let server = try product.create("orders")
                let now = SystemWallClock().now()
                func planned(_ hours: Double, _ options: [String] = ["--dry-run"]) throws -> [String] {
                    let time = now.advanced(bySeconds: Int64(hours * 3600)).description
                    let actions =
                        try product.run(["maintain", "--as-of", time] + options).value().array ?? []
                    return actions.compactMap { $0["action"]?.string }.filter {
                        ["backup", "take-minor-version"].contains($0)
                    }
                }
                #expect(try planned(3) == [] && planned(25) == ["backup"], "a day after the last")
                let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
                let opening = now.advanced(bySeconds: 26 * 3600)
                // 2000-01-01 was a Saturday.
                let day = Int((opening.microseconds / 86_400_000_000 + 6) % 7)
                let (hour, minute) = (opening.components.hour, opening.components.minute)
                let window = "\(days[day]):\(hour):\(minute)"
                try product.json("stop", "-n", "orders")
                try product.json("update", "-n", "orders", "--maintenance-window", window)
                try product.json("start", "-n", "orders")
                let shown = try product.json("show", "-n", "orders")["maintenanceWindow"]
                #expect(shown?["customWindow"] == "Enabled" && shown?["dayOfWeek"]?.integer == Int64(day))
                #expect(shown?["startHour"]?.integer == Int64(hour), "\(window)")
                #expect(try planned(1) == [] && planned(3) == ["backup"], "at its hour")

                let version = try product.json("show", "-n", "orders")["local"]?["postgresVersion"]
                let script = """
                    import sqlite3
                    catalog = sqlite3.connect("\(product.home)/catalog.sqlite")
                    catalog.execute("UPDATE server SET postgresVersion = '15.0'")
                    catalog.commit()
                    """
                try SystemCommands().runChecked(Command("python3", ["-c", script]))
                let started = "SELECT pg_postmaster_start_time()"
                let before = try server.superuser().value(started)
                #expect(try planned(25) == ["backup"], "not before its week")
                #expect(try planned(26.5, []).contains("take-minor-version"))
                #expect(try server.superuser().value(started) != before)
                #expect(try product.json("show", "-n", "orders")["local"]?["postgresVersion"] == version)
                #expect(try planned(26.5).contains("take-minor-version") == false)

                let copy = try product.restore("copy", from: "orders")
                #expect(copy.printed["maintenanceWindow"]?["customWindow"] == "Disabled")
                try product.json("update", "-n", "orders", "--maintenance-window", "disabled")
                let none = try product.json("show", "-n", "orders")["maintenanceWindow"]
                #expect(none?["customWindow"] == "Disabled")
                try product.refuses(
                    ["update", "-n", "orders", "--maintenance-window", "Sun:24"], status: 2,
                    saying: "maintenanceWindow.startHour")
            }
        }

        @Test func `all servers stop at once, and stay stopped`() throws {
            try ProductUnderTest.use("stopall") { product in
                _ = try product.create("orders")
                _ = try product.create("stock")
                try product.refuses(["stop"], status: 2, saying: "--name or --all")
                let actions = try product.json("stop", "--all").array ?? []
                #expect(actions.map { $0["outcome"] } == ["done", "done"])
                let states = try product.json("list").array?.compactMap { $0["state"]?.string }
                #expect(states == ["Stopped", "Stopped"])
                #expect(try product.json("stop", "--all") == [])
                #expect(try product.json("start", "--all") == [])
                try product.json("start", "-n", "stock")
                #expect(try product.json("show", "-n", "stock")["state"] == "Ready")
            }
        }

        @Test func `the doctor tells versions, and what a newer one has written`() throws {
            try ProductUnderTest.use("versions") { product in
                let source = try product.create("orders")
                let well = try product.json("doctor").array ?? []
                let formats = well.first { $0["subject"] == "formats" }
                #expect(
                    formats?["message"]?.string?.contains("1 repository of format 1, 1 backup of format 1")
                        == true, "\(JSONValue.array(well).printed())")
                let backups = source.repository + "/backups"
                let backup = try #require(try DurableFiles.list(backups).first)
                for file in [
                    "\(backups)/\(backup)/backup.json", source.repository + "/repository.json",
                    source.repository + "/server.json",
                ] {
                    let before = try DurableFiles.read(file)
                    let text = String(decoding: before, as: UTF8.self)
                    let newer = text.replacing("\"format\": 1,", with: "\"format\": 7,")
                    try Self.overwrite(file, Array(newer.utf8))
                    let answer = try product.run(["doctor"])
                    let sick = try answer.printed().array ?? []
                    #expect(answer.exitStatus == 1, "\(answer)")
                    let found = sick.first { $0["subject"] == "repository of orders" }
                    #expect(
                        found?["message"]?.string?.contains("its format is 7") == true
                            && found?["remedy"] == "Use the newer pitr that wrote it.",
                        "\(file): \(JSONValue.array(sick).printed())")
                    try Self.overwrite(file, before)
                }
                #expect(try product.json("doctor").array?.allSatisfy { $0["level"] == "ok" } == true)
            }
        }

        private static func overwrite(_ path: String, _ bytes: [UInt8]) throws {
            try DurableFiles.write(bytes, to: path)
            try RunAs.handOver(path)
        }

        @Test func `the demo keeps its hands off servers that have its names`() throws {
            try ProductUnderTest.use("demo") { product in
                _ = try product.create("orders")
                try product.refuses(["demo"], saying: "'orders' is one of yours", "pitr demo --home")
                #expect(try product.json("show", "-n", "orders")["state"] == "Ready")
            }
        }
    }
}
