import Catalog
import GRDB
import PostgresFormat
import ServiceModel
import TestKit
import Testing

@testable import ControlPlane
@testable import Platform

/// Who made servers and who changed them last, as it is asked for all of a list at once.
@Suite(.timeLimit(.minutes(5)))
struct AuthorshipTests {
    private let scratch: ScratchDirectory
    private let control: ControlPlane

    init() throws {
        scratch = try ScratchDirectory("authorship")
        control = try ControlPlane(
            account: ServiceAccount(
                name: "postgres", uid: 0, home: scratch.path, runtimeDirectory: scratch.file("run"),
                steppedDown: false))
    }

    private func server(_ id: String) -> ServerRow {
        ServerRow(
            id: id, resourceGroup: "local", name: id, location: "local", tags: [:], phase: .complete,
            shouldRun: false, createdAt: PostgresTimestamp(microseconds: 0), version: "15",
            postgresVersion: "15.18", tier: "Burstable", skuName: "Standard_B1ms", storageSizeGiB: 32,
            storageType: "Premium_LRS", storageAutoGrow: false, backupRetentionDays: 7,
            geoRedundantBackup: false, publicNetworkAccess: true, administratorLogin: "anna",
            availabilityZone: nil, host: "127.0.0.2", port: 5432)
    }

    /// - Parameter time: when it began, in seconds; it took one.
    private func enter(
        _ kind: OperationKind, _ server: String, by caller: String, at time: Int64,
        _ state: OperationState = .succeeded, source: String? = nil
    ) throws {
        var operation = OperationRow(
            id: "\(server)-\(kind.name)-\(time)", correlationID: "c", serverID: server,
            sourceServerID: source, kind: kind.name, pid: 1, processStart: "1",
            startedAt: PostgresTimestamp(microseconds: time * 1_000_000), details: [:])
        operation.state = state
        operation.caller = caller
        if state != .running { operation.endedAt = Self.end(time) }
        try control.catalog.write { try operation.insert($0) }
    }

    private static func end(_ time: Int64) -> PostgresTimestamp {
        PostgresTimestamp(microseconds: (time + 1) * 1_000_000)
    }

    private static func change(_ caller: String, _ time: Int64) -> Authorship.Change {
        Authorship.Change(caller: caller, time: end(time))
    }

    @Test func `of several servers each is told what was done to itself, whatever order it was entered in`()
        throws
    {
        try enter(.update, "shop", by: "carl", at: 50)
        try enter(.create, "shop", by: "ada", at: 10)
        try enter(.update, "shop", by: "bert", at: 30)
        // Of the source it is no change.
        try enter(.restore, "copy", by: "dora", at: 60, source: "shop")
        try enter(.create, "other", by: "emil", at: 20)
        try enter(.upgrade, "other", by: "fritz", at: 70)
        // What is no change of the server itself, failed, or goes on.
        try enter(.restart, "other", by: "gerd", at: 80)
        try enter(.update, "other", by: "hans", at: 90, .failed)
        try enter(.update, "other", by: "inge", at: 95, .running)
        // A server that nobody asks for.
        try enter(.create, "hidden", by: "jens", at: 5)
        let rows = ["other", "shop", "copy", "unknown"].map(server)
        let told = try control.authorships(of: rows)
        #expect(
            told == [
                "shop": Authorship(created: Self.change("ada", 10), changed: Self.change("carl", 50)),
                "copy": Authorship(created: Self.change("dora", 60)),
                "other": Authorship(created: Self.change("emil", 20), changed: Self.change("fritz", 70)),
            ])
        // One by one it is the same.
        for row in rows { #expect(try control.authorships(of: [row])[row.id] == told[row.id]) }
    }

    @Test func `of more servers than one statement takes all are told`() throws {
        let ids = (0..<2001).map { "server-\($0)" }
        for (place, id) in ids.enumerated() where [0, 999, 1000, 1999, 2000].contains(place) {
            try enter(.create, id, by: "ada \(place)", at: Int64(place))
        }
        let told = try control.authorships(of: ids.map(server))
        #expect(told.count == 5)
        #expect(told[ids[1000]]?.created?.caller == "ada 1000")
        #expect(told[ids[2000]]?.created?.caller == "ada 2000")
        #expect(try control.authorships(of: []).isEmpty)
    }
}
