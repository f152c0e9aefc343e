import Catalog
import GRDB
import Glibc
import Instance
import PostgresFormat
import Repository
import ServiceModel
import TestKit
import Testing

@testable import ControlPlane
@testable import Platform

/// What `doctor` finds in a state directory that nobody works in, and what is done about it.
@Suite struct DoctorTests {
    private let scratch: ScratchDirectory
    private let control: ControlPlane

    init() throws {
        scratch = try ScratchDirectory("doctor")
        let account = ServiceAccount(
            name: "postgres", uid: 0, home: scratch.path, runtimeDirectory: scratch.file("run"),
            steppedDown: false)
        control = try ControlPlane(account: account)
    }

    private func enter(shouldRun: Bool = false) throws -> ServerRow {
        let row = ServerRow(
            id: "0123456789abcdef", resourceGroup: "local", name: "orders", location: "local", tags: [:],
            phase: .complete, shouldRun: shouldRun, createdAt: PostgresTimestamp(microseconds: 0),
            version: "15", postgresVersion: "15.18", tier: "GeneralPurpose", skuName: "Standard_D4ads_v5",
            storageSizeGiB: 32, storageType: "Premium_LRS", storageAutoGrow: false, backupRetentionDays: 7,
            geoRedundantBackup: false, publicNetworkAccess: true, administratorLogin: "anna",
            availabilityZone: nil, host: "127.0.0.2", port: 5432)
        try control.catalog.write { try row.insert($0) }
        return row
    }

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            "UPDATE server SET createdAt = 'then'", "UPDATE server SET phase = 'asleep'",
            "INSERT INTO resourceGroup VALUES('shop', 'local', '{', '2026-01-01T00:00:00.000000Z')",
        ])
    func `a value that cannot be decoded is found, and a new catalog can be made`(_ damage: String) throws {
        _ = try enter()
        let rebuild = CatalogRebuild(paths: control.paths, clock: control.clock) { _, _ throws(Problem) in
            throw Problem(.postgresMissing, "nobody runs here")
        }
        let refusal = #expect(throws: Problem.self) { try rebuild.run() }
        #expect(refusal?.code == .operationNotSupported)
        try control.catalog.write { try $0.execute(sql: damage) }
        let found = try control.doctor().first { $0.subject == "catalog" }
        #expect(found?.level == .problem && found?.message.contains("cannot be decoded") == true)
        #expect(found?.remedy?.contains("doctor --rebuild-catalog") == true)
        #expect(try rebuild.run().first?.message.hasPrefix("rebuilt with 0 servers") == true)
    }

    @Test(.timeLimit(.minutes(5))) func `a server that left no description is asked as its version wants it`()
        throws
    {
        let id = "0123456789abcdef"
        try RepositoryLayout(root: control.paths.repository(id)).create(
            RepositoryIdentity(serverID: id, systemIdentifier: 7, postgresMajor: 16), durable: false)
        try DurableFiles.removeFile(control.paths.catalog)
        var asked: [Int] = []
        let rebuild = CatalogRebuild(paths: control.paths, clock: control.clock) { _, major throws(Problem) in
            asked.append(major)
            throw Problem(.postgresMissing, "nobody runs here")
        }
        #expect(try rebuild.run().first?.message.hasPrefix("rebuilt with 1 server;") == true)
        #expect(asked == [16])
        let installed = [WALVersion.v18, .v16].map {
            PostgresInstallation(binDirectory: "/usr/lib", version: $0, minorVersion: "\($0.rawValue).1")
        }
        #expect(ControlPlane.installation(toAsk: 16, among: installed)?.major == 16)
        #expect(ControlPlane.installation(toAsk: 15, among: installed)?.major == 18)
    }

    /// Every PostgreSQL there is says that it is of this version.
    private struct OnlyVersion: CommandRunner {
        let version: String

        func run(_ command: Command) throws(Problem) -> CommandResult {
            guard command.line.hasSuffix("/postgres --version") else {
                throw Problem(.system, "not to be run: \(command.line)")
            }
            return CommandResult(standardOutput: "postgres (PostgreSQL) \(version)\n")
        }

        func spawnDetached(_ command: Command, log: String) throws(Problem) -> Int32 {
            throw Problem(.system, "not to be started: \(command.line)")
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: [true, false])
    func `a server whose version is not installed is told as that, and can be stopped`(_ shouldRun: Bool)
        throws
    {
        let row = try enter(shouldRun: shouldRun)
        let control = try ControlPlane(
            account: self.control.account, runner: OnlyVersion(version: "18.1"))
        #expect(control.state(row) == (shouldRun ? .inaccessible : .stopped))
        let finding = try control.doctor().first { $0.subject == "server orders" }
        #expect(finding?.level == .problem && finding?.message == "PostgreSQL 15 is not installed")
        #expect(finding?.remedy?.contains("apt-get install postgresql-15") == true)
        #expect(throws: Problem.self) { try control.instance(row) }

        // Something that runs there as a postmaster does, ended as one.
        let data = control.paths.data(row.id)
        try DurableFiles.makeDirectories(data)
        let program = scratch.file("postgres")
        try SystemCommands().runChecked(Command("cp", ["/bin/sleep", program], timeoutSeconds: 10))
        let pid = try SystemCommands().spawnDetached(
            Command(program, ["60"], workingDirectory: data), log: scratch.file("log"))
        try DurableFiles.write(Array("\(pid)\n\(data)\n".utf8), to: data + "/postmaster.pid")
        let missing = try control.stopServer(ServerReference(resourceGroup: "local", name: "orders"))
        #expect(missing?.code == .postgresMissing && kill(pid, 0) != 0)
        #expect(try control.find(ServerReference(resourceGroup: "local", name: "orders")).shouldRun == false)
        #expect(throws: Problem.self) {
            try control.stopServer(ServerReference(resourceGroup: "local", name: "orders"))
        }
    }
}
