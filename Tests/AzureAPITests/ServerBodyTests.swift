import ServiceModel
import ServiceSamples
@testable import AzureAPI
import Platform
import PostgresFormat
import Testing

/// Bodies as az 2.91 sends them, and what becomes of them.
struct ServerBodyTests {
    static let sourceID =
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/Shop"
        + "/providers/Microsoft.DBforPostgreSQL/flexibleServers/Orders"

    static func body(_ text: String) throws -> ServerBody { try ServerBody(Array(text.utf8)) }

    @Test func `takes the body of az create`() throws {
        let body = try Self.body(
            """
            {"location":"East US","tags":{"owner":"ops"},"sku":{"name":"Standard_B1ms","tier":"Burstable"},
             "properties":{"createMode":"Create","administratorLogin":"ada",
             "administratorLoginPassword":"Sesame-Street-1","version":"15","availabilityZone":"2",
             "storage":{"storageSizeGB":32,"autoGrow":"Disabled"},
             "authConfig":{"activeDirectoryAuth":"Disabled","passwordAuth":"Enabled"},
             "backup":{"backupRetentionDays":9,"geoRedundantBackup":"Enabled"},
             "network":{"publicNetworkAccess":"Enabled"},"highAvailability":{"mode":"Disabled"}}}
            """)
        guard case .create(let request) = try body.creation(group: "Shop", name: "new-1") else {
            Issue.record("not a creation")
            return
        }
        #expect(request.resourceGroup == "Shop" && request.name == "new-1")
        #expect(request.location == "eastus" && request.tags == ["owner": "ops"])
        #expect(request.tier == "Burstable" && request.skuName == "Standard_B1ms")
        #expect(request.adminUser == "ada" && request.adminPassword == "Sesame-Street-1")
        #expect(request.version == "15" && request.availabilityZone == "2")
        #expect(request.storageSizeGiB == 32 && request.storageAutoGrow == false)
        #expect(request.backupRetentionDays == 9 && request.geoRedundantBackup == true)
        // Without a rule: az asks for that afterwards.
        #expect(request.publicAccess == "Enabled" && request.databaseName == nil)
    }

    @Test(arguments: [
        ("2026-11-20T23:18:28Z", "2026-11-20T23:18:28.000000Z"),
        ("2026-11-20T23:18:28+00:00", "2026-11-20T23:18:28.000000Z"),
        ("2026-11-21T01:18:28+02:00", "2026-11-20T23:18:28.000000Z"),
        ("2026-11-20T23:18:28", "2026-11-20T23:18:28.000000Z"),
        ("2026-11-20T23:18:28.123456Z", "2026-11-20T23:18:28.123456Z"),
        ("2026-11-20T23:18:28.1234569+00:00", "2026-11-20T23:18:28.123456Z"),
        ("2026-11-20", "2026-11-20T00:00:00.000000Z"),
    ])
    func `takes the body of az restore, with the time to the microsecond`(text: String, time: String) throws {
        let body = try Self.body(
            """
            {"location":"eastus","sku":{"name":"Standard_D4ds_v5","tier":"GeneralPurpose"},"properties":
             {"createMode":"PointInTimeRestore","pointInTimeUTC":"\(text)","storage":{},
             "sourceServerResourceId":"\(Self.sourceID.uppercased())",
             "network":{"publicNetworkAccess":"Enabled"},"backup":{"geoRedundantBackup":"Disabled"}}}
            """)
        guard case .restore(let request) = try body.creation(group: "Other", name: "copy") else {
            Issue.record("not a restore")
            return
        }
        guard case .time(let asked) = request.target else {
            Issue.record("\(request.target)")
            return
        }
        #expect(asked.instant.description == time && asked.typed == text)
        #expect(request.name == "copy" && request.resourceGroup == "Other")
        #expect(
            request.sourceServer
                == ResourceID.server(ServerReference(resourceGroup: "SHOP", name: "orders")))
        #expect(request.skuName == "Standard_D4ds_v5" && request.tier == "GeneralPurpose")
        #expect(request.geoRedundantBackup == false && request.tags == nil && request.storageType == nil)
    }

    @Test func `takes the bodies of az geo-restore and revive-dropped`() throws {
        func text(_ mode: String) -> String {
            """
            {"location":"westus","properties":{"createMode":"\(mode)","storage":{},
             "pointInTimeUTC":"2026-11-20T23:18:28+00:00","sourceServerResourceId":"\(Self.sourceID)",
             "backup":{"geoRedundantBackup":"Disabled"}}}
            """
        }
        guard
            case .geoRestore(let geo, let location) = try Self.body(text("GeoRestore"))
                .creation(group: "g", name: "a")
        else {
            Issue.record("not a geo-restore")
            return
        }
        #expect(location == "westus" && geo.target.typedTime == "2026-11-20T23:18:28+00:00")
        guard
            case .revive(let revived) = try Self.body(text("revivedropped")).creation(group: "g", name: "a")
        else {
            Issue.record("not a revival")
            return
        }
        #expect(
            revived.sourceServer
                == ResourceID.server(ServerReference(resourceGroup: "Shop", name: "orders")))
    }

    @Test func `takes a missing mode for a creation, a bare name for a server of the group`() throws {
        let made = try Self.body(
            #"{"location":"local","properties":{"administratorLogin":"a","administratorLoginPassword":"b"}}"#)
        guard case .create(let request) = try made.creation(group: "g", name: "n") else {
            Issue.record("not a creation")
            return
        }
        #expect(request.storageSizeGiB == nil && request.publicAccess == "Enabled")
        let body = try Self.body(#"{"properties":{"sourceServerResourceId":"src"}}"#)
        #expect(try body.source(defaultGroup: "g") == ServerReference(resourceGroup: "g", name: "src"))
    }

    @Test func `passes over what it does not know, and takes names in any case`() throws {
        let body = try Self.body(
            #"{"Location":"local","zork":[1],"PROPERTIES":{"VERSION":"15","madeUp":{"x":1},"backup":null}}"#)
        #expect(body.location == "local" && body.version == "15" && body.mode == .create)
    }

    @Test(arguments: [
        ("", "empty"), ("  \n", "empty"), ("{", "not JSON"), ("[]", "a list"), ("\"x\"", "a string"),
        (#"{"a":1,"a":2}"#, "not JSON"), (#"{"properties":[]}"#, "'properties' is a list"),
        (#"{"properties":{"version":15}}"#, "'properties.version' is a number"),
        (
            #"{"properties":{"storage":{"storageSizeGB":"32"}}}"#,
            "'properties.storage.storageSizeGB' is a string, but a whole number"
        ),
        (#"{"properties":{"storage":{"storageSizeGB":3.5}}}"#, "'properties.storage.storageSizeGB' is"),
        (#"{"properties":{"storage":{"storageSizeGB":9e99}}}"#, "'properties.storage.storageSizeGB' is"),
        (#"{"sku":"x"}"#, "'sku' is a string"), (#"{"tags":{"a":1}}"#, "'tags.a' is a number"),
        (#"{"properties":{"backup":{"backupRetentionDays":true}}}"#, "'properties.backup.backupReten"),
    ])
    func `says where a value of the wrong kind stands`(text: String, part: String) throws {
        let problem = try #require(throws: Problem.self) { try Self.body(text) }
        #expect(problem.code == .invalidRequestContent)
        #expect(problem.detail?.contains(part) == true, "\(problem)")
    }

    @Test(arguments: [
        #"{"createMode":"Clone"}"#, #"{"pointInTimeUTC":"yesterday"}"#, #"{"availabilityZone":"9"}"#,
        #"{"storage":{"type":"Floppy"}}"#, #"{"storage":{"autoGrow":"yes"}}"#,
        #"{"backup":{"geoRedundantBackup":"on"}}"#, #"{"network":{"publicNetworkAccess":"All"}}"#,
    ])
    func `refuses a value that Azure does not have`(properties: String) throws {
        let problem = try #require(throws: Problem.self) {
            try Self.body("{\"properties\":\(properties)}")
        }
        #expect(problem.code == .invalidParameterValue, "\(problem)")
    }

    @Test(arguments: [
        (#"{"createMode":"Replica"}"#, "replicas"),
        (#"{"network":{"delegatedSubnetResourceId":"/x"}}"#, "virtual network"),
        (#"{"network":{"privateDnsZoneArmResourceId":"/x"}}"#, "virtual network"),
        (#"{"highAvailability":{"mode":"ZoneRedundant"}}"#, "High availability"),
        (#"{"dataEncryption":{"type":"AzureKeyVault"}}"#, "keys"),
        (#"{"authConfig":{"activeDirectoryAuth":"Enabled"}}"#, "Entra"),
        (#"{"authConfig":{"passwordAuth":"Disabled"}}"#, "Password"),
        (#"{"cluster":{"clusterSize":2}}"#, "cluster"),
    ])
    func `refuses what cannot be had here, and says what it is`(properties: String, word: String) throws {
        let problem = try #require(throws: Problem.self) {
            try Self.body("{\"properties\":\(properties)}")
        }
        #expect(problem.code == .operationNotSupported && problem.message.contains(word), "\(problem)")
    }

    @Test(arguments: [
        (#"{"tier":"P10"}"#, true), (#"{"tier":"p10","iops":500}"#, true), (#"{"tier":"P20"}"#, false),
        (#"{"iops":0,"throughput":0,"tier":""}"#, true), (#"{"iops":3000}"#, false),
        (#"{"throughput":125}"#, false), (#"{"storageSizeGB":32,"tier":"P4"}"#, true),
        (#"{"storageSizeGB":32,"tier":"P10"}"#, false),
    ])
    func `takes the speed that storage of the size has, and no other`(storage: String, isTaken: Bool) throws {
        let body = try Self.body(
            """
            {"location":"local","properties":{"administratorLogin":"a","administratorLoginPassword":"b",
             "storage":\(storage)}}
            """)
        if isTaken {
            _ = try body.creation(group: "g", name: "n")
        } else {
            let problem = try #require(throws: Problem.self) { try body.creation(group: "g", name: "n") }
            #expect(problem.code == .operationNotSupported)
        }
    }

    @Test func `passes over the same where it is said to be off`() throws {
        _ = try Self.body(
            """
            {"identity":{"type":"None"},"properties":{"highAvailability":{"mode":"Disabled"},
             "network":{"delegatedSubnetResourceId":null,"privateDnsZoneArmResourceId":""},
             "dataEncryption":{"type":"SystemManaged"},"cluster":null,
             "maintenanceWindow":{"customWindow":"Disabled","dayOfWeek":0,"startHour":0,"startMinute":0},
             "authConfig":{"activeDirectoryAuth":"Disabled","passwordAuth":"Enabled"}}}
            """)
    }

    @Test(arguments: [
        ("{}", "location"), (#"{"location":""}"#, "location"),
        (#"{"location":"local"}"#, "administratorLogin"),
        (#"{"location":"local","properties":{"administratorLogin":"a"}}"#, "administratorLoginPassword"),
        (
            #"{"location":"local","properties":{"createMode":"PointInTimeRestore"}}"#,
            "pointInTimeUTC"
        ),
        (#"{"location":"local","properties":{"createMode":"GeoRestore"}}"#, "sourceServerResourceId"),
    ])
    func `names what is missing`(text: String, name: String) throws {
        let problem = try #require(throws: Problem.self) {
            try Self.body(text).creation(group: "g", name: "n")
        }
        #expect(problem.message.contains("parameter \(name)."), "\(problem)")
    }

    @Test(arguments: [
        "/subscriptions/x", "a/b", "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/g",
        sourceID + "/backups/b",
    ])
    func `refuses a source that is no server`(id: String) throws {
        let body = try Self.body("{\"properties\":{\"sourceServerResourceId\":\"\(id)\"}}")
        let problem = try #require(throws: Problem.self) { try body.source(defaultGroup: "g") }
        #expect(problem.code == .invalidParameterValue)
    }

    @Test func `refuses a source of another subscription`() throws {
        let id = Self.sourceID.replacing("0001/", with: "0009/")
        let body = try Self.body("{\"properties\":{\"sourceServerResourceId\":\"\(id)\"}}")
        let problem = try #require(throws: Problem.self) { try body.source(defaultGroup: "g") }
        #expect(problem.code == .subscriptionNotFound)
    }

    @Test func `knows no place that is none`() throws {
        let body = try Self.body(#"{"location":"atlantis"}"#)
        let problem = try #require(throws: Problem.self) { try body.creation(group: "g", name: "n") }
        #expect(problem.code == .locationNotAvailable)
    }

    @Test(arguments: [
        (#""location":"eastus","properties":{"createMode":"PointInTimeRestore"}"#, "location"),
        (#""properties":{"network":{"publicNetworkAccess":"Disabled"}}"#, "public"),
        (#""properties":{"version":"16"}"#, "major version"),
        (#""properties":{"storage":{"storageSizeGB":256}}"#, "storage size"),
    ])
    func `refuses what a restore cannot change of its source`(fields: String, word: String) throws {
        let body = try Self.body("{\(fields)}")
        let problem = try #require(throws: Problem.self) { try body.checkSource(.full) }
        #expect(problem.message.contains(word))
    }

    @Test func `takes a restore that repeats its source`() throws {
        try Self.body(
            """
            {"location":"Local","properties":{"createMode":"PointInTimeRestore","version":"15",
             "network":{"publicNetworkAccess":"Enabled"},"storage":{"storageSizeGB":128}}}
            """
        ).checkSource(.full)
    }
}
