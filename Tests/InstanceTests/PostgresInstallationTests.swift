import Instance
import Platform
import PostgresFormat
import TestKit
import Testing

@Suite struct PostgresInstallationTests {
    @Test func `finds Debian's PostgreSQL 15`() throws {
        let found = try PostgresInstallation.discover(major: 15)
        #expect(found.major == 15)
        #expect(found.minorVersion.hasPrefix("15."))
        #expect(found.tool("initdb").hasSuffix("/initdb"))
    }

    @Test func `says how to install a version that is missing`() {
        let failure = #expect(throws: Problem.self) { try PostgresInstallation.discover(major: 99) }
        #expect(failure?.code == .postgresMissing)
        #expect(failure?.hint?.hasPrefix("Install it: apt-get install postgresql-99.") == true)
    }

    @Test func `passes on why initdb refused`() throws {
        let scripted = ScriptedCommands()
        let locale = ClusterLocale.preferred
        scripted.expect(
            "/pg/initdb -D /d -U azuresu -E UTF8 --locale=\(locale) --auth-local=peer "
                + "--auth-host=scram-sha-256 --no-sync --no-instructions --data-checksums",
            CommandResult(exitStatus: 1, standardError: "initdb: error: no room\n"))
        let instance = PostgresInstance(
            installation: PostgresInstallation(binDirectory: "/pg", version: .v15, minorVersion: "15.1"),
            paths: InstancePaths(data: "/d", conf: "/c", log: "/l", socketDirectory: "/s"), runner: scripted)
        let failure = #expect(throws: Problem.self) { try instance.initialize() }
        #expect(failure?.detail == "initdb: error: no room")
        #expect(scripted.leftovers.isEmpty)
    }
}
