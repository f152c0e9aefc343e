import Catalog
import Foundation
import GRDB
import Platform
import PostgresFormat
import ServiceModel
import Synchronization
import TestKit
import Testing

/// The catalog's own tests: they also guard SQLite on Linux.
struct CatalogStoreTests {
    /// 2026-01-01.
    private static let newYear = PostgresTimestamp(microseconds: 820_540_800_000_000)
    private let scratch: ScratchDirectory
    private var path: String { scratch.file("catalog.sqlite") }

    init() throws {
        scratch = try ScratchDirectory("catalog")
    }

    private func row(_ id: String, name: String, host: String, phase: ServerPhase = .complete) -> ServerRow {
        ServerRow(
            id: id, resourceGroup: "local", name: name, location: "local", tags: [:], phase: phase,
            shouldRun: true, createdAt: Self.newYear, version: "15",
            postgresVersion: "15.18", tier: "Burstable", skuName: "Standard_B1ms", storageSizeGiB: 32,
            storageType: "Premium_LRS", storageAutoGrow: false, backupRetentionDays: 7,
            geoRedundantBackup: false, publicNetworkAccess: true, administratorLogin: "anna",
            availabilityZone: nil, host: host, port: 5432)
    }

    @Test func `makes its layout in an empty file, and finds it again`() throws {
        let store = try CatalogStore(path: path)
        try store.write { try row("1", name: "orders", host: "127.0.0.2").insert($0) }
        let again = try CatalogStore(path: path)
        let found = try again.read { try ServerRow.fetchOne($0, key: "1") }
        #expect(found?.name == "orders" && found?.retentionHistory.isEmpty == true && found?.deletedAt == nil)
        let version = try again.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
        #expect(version == CatalogStore.formatVersion)
        let tables = try again.read { database in
            try [
                "resourceGroup", "server", "firewallRule", "parameter", "operation", "activity", "identity",
                "token", "drill",
            ].filter {
                try database.tableExists($0)
            }
        }
        #expect(tables.count == 9)
    }

    @Test func `what a server comes from has the columns of earlier builds, one at a time`() throws {
        let store = try CatalogStore(path: path)
        let attachment = Attachment(
            host: "db.example.org", port: 5432, user: "backup", security: .verifyFull, rootCertificate: nil,
            slot: .permanent(name: "shop"), slotBound: nil)
        let folder = OpenedFolder(base: "/far", wal: ["/far/wal"], form: .tar, openedAt: Self.newYear)
        for (index, origin) in [ServerOrigin.own, .opened(folder), .attached(attachment)].enumerated() {
            var server = row("1", name: "shop", host: "127.0.0.2")
            // What it was before leaves nothing behind.
            server.origin = index == 2 ? .opened(folder) : .attached(attachment)
            server.origin = origin
            let (read, columns) = try store.write { [server] database in
                try server.save(database)
                return (
                    try ServerRow.fetchOne(database, key: "1"),
                    try Row.fetchOne(database, sql: "SELECT attachment, opened FROM server")
                )
            }
            #expect(read?.origin == origin && read?.isOwn == (index == 0))
            let texts = [columns?["attachment"], columns?["opened"]] as [String?]
            #expect(texts.map { $0 != nil } == [index == 2, index == 1])
        }
    }

    @Test func `opens the catalog of an earlier build, and its copies do not expire`() throws {
        let store = try CatalogStore(path: path)
        try store.write { try row("1", name: "orders", host: "127.0.0.2").insert($0) }
        try store.close()
        let queue = try DatabaseQueue(path: path)
        try queue.write { database in
            let columns = [
                "expiry", "heldSince", "maintenanceWindow", "drillSchedule", "attachment", "opened",
            ]
            for column in columns {
                try database.execute(sql: "ALTER TABLE server DROP COLUMN \(column)")
            }
            try database.execute(sql: "DROP TABLE drill")
            try database.execute(sql: "DELETE FROM grdb_migrations WHERE identifier IN ('4', '5', '6')")
            try database.execute(sql: "PRAGMA user_version = 3")
        }
        try queue.close()
        let migrated = try CatalogStore(path: path)
        #expect(try migrated.read { try DrillRow.fetchCount($0) } == 0)
        let found = try migrated.read { try ServerRow.fetchOne($0, key: "1") }
        #expect(
            found?.name == "orders" && found?.drillSchedule == nil && found?.expiry == nil
                && found?.heldSince == nil)
        #expect(found?.maintenanceWindow == nil)
    }

    @Test(.timeLimit(.minutes(5))) func `keeps the texts that earlier builds wrote, and reads them back`()
        throws
    {
        let store = try CatalogStore(path: path)
        var written = row("1", name: "orders", host: "127.0.0.2")
        written.tags = ["team": "a/b", "env": "prod"]
        written.retentionHistory = [RetentionChange(days: 35, until: Self.newYear)]
        written.heldSince = Self.newYear
        written.maintenanceWindow = try MaintenanceWindow(dayOfWeek: 0, startHour: 1, startMinute: 30)
        try store.write { try written.insert($0) }
        let texts = try store.read { database in
            try Row.fetchOne(
                database,
                sql:
                    "SELECT tags, retentionHistory, createdAt, heldSince, maintenanceWindow, expiry FROM server"
            )
        }
        #expect(texts?["tags"] == #"{"env":"prod","team":"a/b"}"#)
        #expect(texts?["retentionHistory"] == #"[{"days":35,"until":"2026-01-01T00:00:00.000000Z"}]"#)
        #expect(texts?["createdAt"] == "2026-01-01T00:00:00.000000Z")
        #expect(texts?["heldSince"] == "2026-01-01T00:00:00.000000Z")
        #expect(texts?["maintenanceWindow"] == #"{"dayOfWeek":0,"startHour":1,"startMinute":30}"#)
        #expect(texts?["expiry"] == DatabaseValue.null)
        let found = try #require(try store.read { try ServerRow.fetchOne($0, key: "1") })
        #expect(found.tags == written.tags && found.heldSince == Self.newYear)
        #expect(found.retentionHistory == written.retentionHistory)
        #expect(found.maintenanceWindow == written.maintenanceWindow && found.expiry == nil)
    }

    @Test(.timeLimit(.minutes(5)))
    func `operations and lines of the activity log are the texts that earlier builds wrote`() throws {
        let store = try CatalogStore(path: path)
        var operation = OperationRow(
            id: "o", correlationID: "c", serverID: "1", sourceServerID: nil, kind: "stop", pid: 7,
            processStart: "9", startedAt: Self.newYear, details: ["b": "x/y", "a": "1"])
        operation.endedAt = Self.newYear
        let event = ActivityEvent(
            eventID: "e", correlationID: "c", operationID: "o", time: Self.newYear, operationName: "n",
            operationTitle: "t", status: .succeeded, resourceGroup: "local", resourceID: "/x", caller: "ada",
            errorCode: nil, statusMessage: nil, properties: ["b": "x/y", "a": "1"])
        try store.write {
            try operation.insert($0)
            try event.insert($0)
        }
        let (stored, line) = try store.read { database in
            (
                try Row.fetchOne(database, sql: "SELECT startedAt, endedAt, begunAt, details FROM operation"),
                try Row.fetchOne(database, sql: "SELECT time, status, properties, errorCode FROM activity")
            )
        }
        let (time, map) = ("2026-01-01T00:00:00.000000Z", #"{"a":"1","b":"x/y"}"#)
        #expect(stored?["startedAt"] == time)
        #expect(stored?["endedAt"] == time)
        #expect(stored?["details"] == map)
        #expect(stored?["begunAt"] == DatabaseValue.null)
        #expect(line?["time"] == time)
        #expect(line?["status"] == "Succeeded")
        #expect(line?["properties"] == map)
        #expect(line?["errorCode"] == DatabaseValue.null)
        let read = try store.read { database in
            (try OperationRow.fetchOne(database), try ActivityEvent.fetchOne(database))
        }
        #expect(read.0?.details == operation.details && read.0?.endedAt == Self.newYear && read.1 == event)
    }

    @Test(arguments: ["tags", "createdAt", "expiry"])
    func `a value that cannot be decoded is damage, and not a failure of the machine`(_ column: String) throws
    {
        let store = try CatalogStore(path: path)
        try store.write { database in
            try row("1", name: "orders", host: "127.0.0.2").insert(database)
            try database.execute(sql: "UPDATE server SET \(column) = '{\"a\":'")
        }
        let problem = #expect(throws: Problem.self) {
            try store.read { _ = try ServerRow.fetchOne($0, key: "1") }
        }
        #expect(problem?.code == .stateDamaged && problem?.message.contains("decoded") == true)
        #expect(problem?.hint?.contains("doctor --rebuild-catalog") == true)
        // SQLite itself finds nothing wrong with it.
        #expect(store.damage().isEmpty)
        #expect(try store.undecodable()?.message == problem?.message)
        try store.write { try $0.execute(sql: "DELETE FROM server") }
        #expect(try store.undecodable() == nil)
    }

    @Test func `a disk that is full for the catalog is told as that`() throws {
        let store = try CatalogStore(path: path)
        let problem = #expect(throws: Problem.self) {
            try store.write { database in
                // SQLite answers as on a full disk when a file may not grow.
                try database.execute(sql: "PRAGMA max_page_count = 1")
                for number in 0..<1000 {
                    try row("\(number)", name: "n\(number)", host: "127.0.0.\(number)").insert(database)
                }
            }
        }
        #expect(problem?.code == .insufficientStorage)
        #expect(problem?.detail?.contains("SQLite error 13") == true)
        #expect(try store.read { try ServerRow.fetchCount($0) } == 0)
    }

    @Test func `refuses a newer layout and leaves it as it is`() throws {
        _ = try CatalogStore(path: path)
        try DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA user_version = 99") }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let problem = #expect(throws: Problem.self) { _ = try CatalogStore(path: path) }
        #expect(problem?.code == .formatTooNew)
        #expect(problem?.message.contains("format 99") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test func `damage behind the first pages is told by whoever reads it, and by the check`() throws {
        let store = try CatalogStore(path: path)
        try store.write { database in
            for number in 0..<500 {
                try row("\(number)", name: "s\(number)", host: "h\(number)").insert(database)
            }
        }
        try store.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for index in bytes.count * 3 / 4..<bytes.count { bytes[index] = UInt8(index & 0xFF) }
        try bytes.write(to: URL(fileURLWithPath: path))
        let again = try CatalogStore(path: path)
        let problem = #expect(throws: Problem.self) { try again.read { try ServerRow.fetchAll($0) } }
        #expect(problem?.code == .stateDamaged)
        #expect(problem?.hint?.contains("--rebuild-catalog") == true)
        #expect(!again.damage().isEmpty)
    }

    @Test func `says of a file that is no catalog that it cannot be used`() throws {
        try scratch.write("catalog.sqlite", String(repeating: "not a database ", count: 300))
        let problem = #expect(throws: Problem.self) { _ = try CatalogStore(path: path) }
        #expect(problem?.code == .stateDamaged)
        #expect(problem?.detail?.isEmpty == false)
    }

    @Test func `has one server of a name, but for those that are deleted`() throws {
        let store = try CatalogStore(path: path)
        try store.write { database in
            try row("1", name: "orders", host: "127.0.0.2", phase: .dropped).insert(database)
            try row("2", name: "orders", host: "127.0.0.2", phase: .dropped).insert(database)
            try row("3", name: "orders", host: "127.0.0.2").insert(database)
        }
        let error = #expect(throws: DatabaseError.self) {
            try store.write {
                try row("4", name: "orders", host: "127.0.0.3", phase: .provisioning).insert($0)
            }
        }
        #expect(error?.resultCode == .SQLITE_CONSTRAINT)
    }

    @Test func `has one server at an address, but for those that are deleted`() throws {
        let store = try CatalogStore(path: path)
        try store.write { try row("1", name: "orders", host: "127.0.0.2").insert($0) }
        let error = #expect(throws: DatabaseError.self) {
            try store.write { try row("2", name: "other", host: "127.0.0.2").insert($0) }
        }
        #expect(error?.resultCode == .SQLITE_CONSTRAINT)
        try store.write { database in
            try row("2", name: "other", host: "127.0.0.2", phase: .dropped).insert(database)
            var third = row("3", name: "third", host: "127.0.0.2")
            third.port = 5433
            try third.insert(database)
        }
    }

    @Test func `forgets a server's rules and parameters with it`() throws {
        let store = try CatalogStore(path: path)
        try store.write { database in
            try row("1", name: "orders", host: "127.0.0.2").insert(database)
            try FirewallRuleRow(
                serverID: "1", name: "office", startIPAddress: "10.0.0.1", endIPAddress: "10.0.0.9"
            ).insert(database)
            try ParameterRow(serverID: "1", name: "work_mem", value: "8192").insert(database)
        }
        _ = try store.write { try ServerRow.deleteOne($0, key: "1") }
        let left = try store.read { try FirewallRuleRow.fetchCount($0) + ParameterRow.fetchCount($0) }
        #expect(left == 0)
        #expect(throws: DatabaseError.self) {
            try store.write {
                try ParameterRow(serverID: "gone", name: "work_mem", value: "1").insert($0)
            }
        }
    }

    @Test func `takes back everything of a write that failed`() throws {
        struct Failure: Error {}
        let store = try CatalogStore(path: path)
        #expect(throws: Failure.self) {
            try store.write { database in
                try row("1", name: "orders", host: "127.0.0.2").insert(database)
                throw Failure()
            }
        }
        #expect(try store.read { try ServerRow.fetchCount($0) } == 0)
    }

    /// Several connections, as several processes have them: no write is lost, none fails because another
    /// works.
    @Test func `lets several connections write at once`() throws {
        let writers = 4
        let writes = 25
        let path = path
        _ = try CatalogStore(path: path)
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: writers) { writer in
            do {
                let store = try CatalogStore(path: path)
                for number in 0..<writes {
                    try store.write { database in
                        // Read, then write, in one transaction: a lost update would show.
                        let seen = try Int.fetchOne(database, sql: "SELECT count(*) FROM resourceGroup") ?? 0
                        try GroupRow(
                            name: "g\(seen)", location: "local", tags: ["from": "\(writer)/\(number)"],
                            createdAt: Self.newYear
                        ).insert(database)
                    }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        let names = try CatalogStore(path: path).read { try GroupRow.fetchAll($0).map(\.name) }
        #expect(Set(names) == Set((0..<writers * writes).map { "g\($0)" }))
    }

    @Test func `lets several processes make the catalog at once`() throws {
        let path = path
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 6) { _ in
            do {
                _ = try CatalogStore(path: path)
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
    }
}
