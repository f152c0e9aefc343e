import Catalog
import Foundation
import GRDB
import PostgresFormat
import TestKit
import Testing

struct CatalogNamesTests {
    private static let created = PostgresTimestamp(microseconds: 820_540_800_000_000)
    private let scratch: ScratchDirectory
    private var path: String { scratch.file("catalog.sqlite") }

    init() throws { scratch = try ScratchDirectory("names") }

    private func fill() throws {
        let store = try CatalogStore(path: path)
        try store.write { database in
            for (id, name, phase) in [("1", "orders", ServerPhase.complete), ("2", "gone", .dropped)] {
                var row = ServerRow(
                    id: id, resourceGroup: "local", name: name, location: "local", tags: [:], phase: phase,
                    shouldRun: true, createdAt: Self.created, version: "15",
                    postgresVersion: "15.18", tier: "Burstable", skuName: "Standard_B1ms", storageSizeGiB: 32,
                    storageType: "Premium_LRS", storageAutoGrow: false, backupRetentionDays: 7,
                    geoRedundantBackup: false, publicNetworkAccess: true, administratorLogin: "anna",
                    availabilityZone: nil, host: "127.0.0.\(id)", port: 5432)
                if phase == .dropped { row.deletedAt = Self.created.advanced(bySeconds: 86_400) }
                try row.insert(database)
            }
        }
        try store.close()
    }

    @Test func `reads names and changes nothing`() throws {
        try fill()
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let names = try #require(CatalogNames(path: path))
        #expect(names.servers.map(\.name) == ["gone", "orders"])
        #expect(names.servers.map(\.isDeleted) == [true, false])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        let there = try FileManager.default.contentsOfDirectory(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path)
        #expect(there == ["catalog.sqlite"])
    }

    @Test func `has no names of a catalog that is missing, damaged or locked, and makes none`() throws {
        #expect(CatalogNames(path: path) == nil)
        #expect(!FileManager.default.fileExists(atPath: path))
        try fill()
        let other = try DatabaseQueue(path: path)
        try other.inDatabase { database in
            try database.execute(sql: "BEGIN EXCLUSIVE")
            #expect(CatalogNames(path: path) == nil)
            try database.execute(sql: "ROLLBACK")
        }
        #expect(CatalogNames(path: path) != nil)
        try Data("no catalog".utf8).write(to: URL(fileURLWithPath: path))
        #expect(CatalogNames(path: path) == nil)
    }
}
