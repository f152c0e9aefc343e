import Catalog
import Foundation
import GRDB
import PostgresFormat
import ServiceModel
import TestKit
import Testing

/// Columns that have a type here are the texts that every build has written.
@Suite(.timeLimit(.minutes(5)))
struct TypedColumnTests {
    /// 2026-01-01.
    private let newYear = PostgresTimestamp(microseconds: 820_540_800_000_000)
    private let scratch: ScratchDirectory
    private let store: CatalogStore

    init() throws {
        scratch = try ScratchDirectory("columns")
        store = try CatalogStore(path: scratch.file("catalog.sqlite"))
    }

    @Test func `a drill's row has its record as JSON, and its state and time as text`() throws {
        let record = DrillRecord(
            id: "d1", server: "/a/b", serverID: "s1", serverName: "shop", caller: "ann", isScheduled: false,
            target: "the latest moment", result: .running, startedAt: newYear, copy: "shop-drill",
            keepsCopy: false, pitrVersion: "1")
        try store.write { try DrillRow(record, process: (pid: 7, start: "x")).insert($0) }
        let row = try #require(try store.read { try Row.fetchOne($0, sql: "SELECT * FROM drill") })
        #expect(row["state"] == "running" && row["startedAt"] == "2026-01-01T00:00:00.000000Z")
        #expect(row["pid"] == 7 && row["processStart"] == "x")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(row["record"] == String(decoding: try encoder.encode(record), as: UTF8.self))
        #expect(try store.read { try DrillRow.fetchOne($0, key: "d1") }?.record == record)
    }

    @Test func `a token's kind is its word`() throws {
        let token = TokenRow(hash: "h", identityID: "i", kind: .refresh, expiresAt: newYear)
        try store.write { try token.insert($0) }
        #expect(try store.read { try String.fetchOne($0, sql: "SELECT kind FROM token") } == "refresh")
        #expect(try store.read { try TokenRow.fetchOne($0, key: "h") }?.kind == .refresh)
    }
}
