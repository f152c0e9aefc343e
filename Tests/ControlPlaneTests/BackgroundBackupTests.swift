import Catalog
import GRDB
import PostgresFormat
import ServiceModel
import TestKit
import Testing

@testable import ControlPlane
@testable import Platform

/// The first backup of a restored server is taken by a process of its own.
@Suite struct BackgroundBackupTests {
    /// Starts nothing, and runs nothing.
    private struct NoCommands: CommandRunner {
        func run(_ command: Command) throws(Problem) -> CommandResult {
            throw Problem(.system, "not to be run: \(command.line)")
        }

        func spawnDetached(_ command: Command, log: String) throws(Problem) -> Int32 { 1 }
    }

    @Test(.timeLimit(.minutes(5))) func `it bears the name of whoever restored the server`() throws {
        let scratch = try ScratchDirectory("background")
        let account = ServiceAccount(
            name: "postgres", uid: 0, home: scratch.path, runtimeDirectory: scratch.file("run"),
            steppedDown: false)
        let row = ServerRow(
            id: "0123456789abcdef", resourceGroup: "local", name: "copy", location: "local", tags: [:],
            phase: .complete, shouldRun: false, createdAt: PostgresTimestamp(microseconds: 0),
            version: "15", postgresVersion: "15.18", tier: "GeneralPurpose", skuName: "Standard_D4ads_v5",
            storageSizeGiB: 32, storageType: "Premium_LRS", storageAutoGrow: false, backupRetentionDays: 7,
            geoRedundantBackup: false, publicNetworkAccess: true, administratorLogin: "anna",
            availabilityZone: nil, host: "127.0.0.2", port: 5432)
        let asked = try ControlPlane(account: account, runner: NoCommands(), caller: Caller(name: "ada"))
        try asked.catalog.write { try row.insert($0) }
        let operation = try asked.backUpInBackground(row)
        let worker = try ControlPlane(account: account, runner: NoCommands())
        // It does not run, so that its backup fails: that is entered like a success.
        let problem = #expect(throws: Problem.self) { try worker.runBackupOperation(id: operation) }
        #expect(problem?.code == .serverIsNotReady)
        let events = try worker.activityLog(
            resourceGroup: "local", resourceID: nil, correlationID: nil, caller: nil, status: nil, from: nil,
            to: nil, limit: 10)
        #expect(events.map(\.status.rawValue).sorted() == ["Failed", "Started"])
        #expect(events.allSatisfy { $0.caller == "ada" })
    }
}
