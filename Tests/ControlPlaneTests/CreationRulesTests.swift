import Instance
import Platform
import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane

/// What may be asked for, and Azure's words for what may not.
struct CreationRulesTests {
    private func problem(_ body: () throws -> Void) -> Problem? {
        #expect(throws: Problem.self) { try body() }
    }

    @Test(arguments: ["abc", "a-b", "orders-2", "123", String(repeating: "a", count: 63)])
    func `takes a server name`(_ name: String) throws {
        try ControlPlane.validate(serverName: name)
    }

    @Test(arguments: ["", "ab", String(repeating: "a", count: 64)])
    func `refuses a server name of the wrong length`(_ name: String) {
        let problem = problem { try ControlPlane.validate(serverName: name) }
        #expect(problem?.code == .invalidServerName)
        #expect(
            problem?.message == "Server name must be at least 3 characters and at most 63 characters.")
    }

    @Test(arguments: ["-abc", "abc-", "Orders", "a_b", "a.b", "a/b", "a b", "größe", "../abc", "abc\n"])
    func `refuses a server name of other letters`(_ name: String) {
        let problem = problem { try ControlPlane.validate(serverName: name) }
        #expect(problem?.code == .invalidServerName)
        #expect(problem?.hint?.contains("lower-case") == true)
    }

    @Test func `takes 7 to 35 days of retention`() throws {
        for days in [nil, 7, 8, 34, 35] { try ControlPlane.validate(retention: days) }
        for days in [-1, 0, 6, 36] {
            let problem = problem { try ControlPlane.validate(retention: days) }
            #expect(problem?.code == .invalidParameterValue)
            #expect(
                problem?.message == "Invalid value for --backup-retention. Allowed values: 7 to 35 days.")
        }
    }

    @Test func `takes the sizes of storage that Azure has`() throws {
        for size in [nil, 32, 4095, 4096, 32767] { try ControlPlane.validate(storage: size) }
        for size in [0, 31, 33, 100, 32768] {
            let problem = problem { try ControlPlane.validate(storage: size) }
            #expect(problem?.message.hasPrefix("Invalid value for --storage-size.") == true)
            #expect(problem?.message.contains("32, 64, 128") == true)
        }
    }

    @Test func `takes a SKU, a tier, both or neither`() throws {
        let both = try ControlPlane.resolveSize(tier: "memoryoptimized", sku: "standard_e4ads_v5")
        #expect(both.0 == .memoryOptimized && both.1.name == "Standard_E4ads_v5")
        let sku = try ControlPlane.resolveSize(tier: nil, sku: "Standard_B1ms")
        #expect(sku.0 == .burstable && sku.1.vCores == 1)
        let tier = try ControlPlane.resolveSize(tier: "Burstable", sku: nil)
        #expect(tier.1.name == "Standard_B2s")
        #expect(try ControlPlane.resolveSize(tier: nil, sku: nil).1.name == "Standard_D4ads_v5")
    }

    @Test func `keeps the size of the tier that a server has`() throws {
        let current = try #require(ComputeSize.find("Standard_D8ads_v5"))
        #expect(try ControlPlane.resolveSize(tier: nil, sku: nil, current: current).1 == current)
        #expect(
            try ControlPlane.resolveSize(tier: "GeneralPurpose", sku: nil, current: current).1 == current)
        #expect(
            try ControlPlane.resolveSize(tier: "MemoryOptimized", sku: nil, current: current).1.name
                == "Standard_E4ads_v5")
    }

    @Test func `refuses tiers and SKUs that do not exist or do not go together`() {
        let tier = problem { _ = try ControlPlane.resolveSize(tier: "Basic", sku: nil) }
        #expect(
            tier?.message
                == "Incorrect value for --tier. Allowed values: "
                + "['Burstable', 'GeneralPurpose', 'MemoryOptimized']")
        let sku = problem { _ = try ControlPlane.resolveSize(tier: nil, sku: "Standard_X1") }
        #expect(sku?.message.contains("The SKU name is not available in the GeneralPurpose tier.") == true)
        let mixed = problem { _ = try ControlPlane.resolveSize(tier: "Burstable", sku: "Standard_D4ads_v5") }
        #expect(
            mixed?.message.hasPrefix(
                "Invalid value for --sku-name. The SKU name is not available in the Burstable tier. "
                    + "Allowed values: {'Standard_B1ms', ") == true)
    }

    @Test func `takes the versions that this machine has`() throws {
        let all = [WALVersion.v17, .v15].map {
            PostgresInstallation(
                binDirectory: "/pg/\($0.rawValue)", version: $0, minorVersion: "\($0.rawValue).1")
        }
        #expect(try ControlPlane.installation("15", among: all).binDirectory == "/pg/15")
        let hints = ["16": "apt-get install postgresql-16", "14": "15 to 18", "x": "15 to 18"]
        for (version, hint) in hints {
            let problem = problem { _ = try ControlPlane.installation(version, among: all) }
            #expect(problem?.message == "Invalid value for --version. Allowed values: ['17', '15']")
            #expect(problem?.hint?.contains(hint) == true, "\(version)")
        }
    }

    @Test(arguments: ["app", "_a", "A-1", "x" + String(repeating: "y", count: 62)])
    func `takes a database name`(_ name: String) throws {
        try ControlPlane.validate(databaseName: name)
    }

    @Test(arguments: ["", "1a", "-a", "a b", "a;b", "a'b", "x" + String(repeating: "y", count: 63)])
    func `refuses a database name`(_ name: String) {
        #expect(problem { try ControlPlane.validate(databaseName: name) }?.code == .invalidParameterValue)
    }

    @Test(arguments: ["", " ", "\t", "a/b", "../a", ".a", "-a", "a.incomplete", "a.deleting", "a b"])
    func `refuses a backup name that could not be a folder`(_ name: String) {
        #expect(problem { try ControlPlane.validate(backupName: name) }?.code == .invalidParameterValue)
    }

    @Test func `takes backup names of up to 128 letters`() throws {
        try ControlPlane.validate(backupName: "before-the-migration_2.1")
        try ControlPlane.validate(backupName: String(repeating: "a", count: 128))
        let long = problem { try ControlPlane.validate(backupName: String(repeating: "a", count: 129)) }
        #expect(long?.message == "Backup name cannot exceed 128 characters.")
        let blank = problem { try ControlPlane.validate(backupName: " ") }
        #expect(blank?.message == "Backup name cannot be empty or contain only whitespace.")
    }

    @Test func `makes up names and passwords that keep to the rules`() throws {
        for _ in 0..<300 {
            try ControlPlane.validate(serverName: GeneratedNames.server())
            try AdminRole.checkName(GeneratedNames.admin())
            let password = GeneratedNames.password()
            try AdminRole.checkPassword(password)
            #expect(password.count == 24)
            #expect(password.wholeMatch(of: /[A-Za-z0-9_]+/) != nil)
        }
        #expect(Set((0..<100).map { _ in GeneratedNames.password() }).count == 100)
    }
}
