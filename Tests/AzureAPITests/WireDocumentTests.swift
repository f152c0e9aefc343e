import AzureAPI
import ServiceModel
import ServiceSamples
import Foundation
import Platform
import PostgresFormat
import Testing

struct WireDocumentTests {
    private let server = ServerReference(resourceGroup: "rg", name: "Orders")

    @Test(arguments: [
        "id", "name", "type", "location", "tags.owner", "sku.name", "sku.tier", "systemData.createdAt",
        "properties.version", "properties.minorVersion", "properties.state",
        "properties.storage.storageSizeGB", "properties.storage.autoGrow", "properties.storage.iops",
        "properties.storage.tier", "properties.storage.type", "properties.network.publicNetworkAccess",
        "properties.backup.backupRetentionDays", "properties.backup.geoRedundantBackup",
        "properties.backup.earliestRestoreDate", "properties.highAvailability.mode",
        "properties.highAvailability.state", "properties.administratorLogin",
        "properties.fullyQualifiedDomainName", "properties.authConfig.passwordAuth",
        "properties.authConfig.activeDirectoryAuth", "properties.maintenanceWindow.customWindow",
        "properties.maintenanceWindow.dayOfWeek", "properties.availabilityZone",
        "properties.replicationRole", "properties.replicaCapacity", "properties.replica.role",
        "properties.dataEncryption.type", "properties.privateEndpointConnections",
        "properties.local.port", "properties.local.restoredFrom.sourceServer",
        "properties.local.latestRestoreDate",
    ])
    func `a server has what az and the SDK read, where they look for it`(path: String) throws {
        let value = try field(path, of: WireServer(.full))
        #expect(value != nil && !(value is NSNull), "\(path)")
    }

    @Test func `a server has nothing but Azure's fields, and one object of our own`() throws {
        let properties = try #require(try field("properties", of: WireServer(.full)) as? [String: Any])
        #expect(
            Set(properties.keys) == [
                "replica", "storage", "network", "privateEndpointConnections", "dataEncryption",
                "authConfig", "fullyQualifiedDomainName", "version", "minorVersion", "administratorLogin",
                "state", "availabilityZone", "backup", "highAvailability", "maintenanceWindow",
                "replicationRole", "replicaCapacity", "local", "pointInTimeUTC", "sourceServerResourceId",
            ])
        let text = String(decoding: try JSONEncoder().encode(WireServer(.full)), as: UTF8.self)
        #expect(!text.lowercased().contains("login" + "password"))
        #expect(!text.contains("/s/data") && !text.contains("createMode"))
    }

    @Test(arguments: [
        "properties.backup.earliestRestoreDate", "properties.availabilityZone",
        "properties.local.restoredFrom", "properties.local.latestRestoreDate",
    ])
    func `leaves out what is missing`(path: String) throws {
        #expect(try field(path, of: WireServer(.fresh)) == nil)
        let text = String(decoding: try JSONEncoder().encode(WireServer(.fresh)), as: UTF8.self)
        #expect(!text.contains("null"))
    }

    @Test func `a server without tags has none, which is not the same as not saying`() throws {
        let tags = try #require(try field("tags", of: WireServer(.fresh)) as? [String: String])
        #expect(tags.isEmpty)
    }

    @Test func `children are nested, and named below their server`() throws {
        let backup = WireBackup(
            BackupDetails(
                name: "backup_1", backupType: "Full", source: "Automatic", completedTime: instant(),
                startLSN: LSN(0x2000028), stopLSN: LSN(0x2000100), timeline: TimelineID(1),
                totalBytes: 10, storedBytes: 4, storage: "zstd"), of: server)
        #expect(backup.id.hasSuffix("/flexibleServers/orders/backups/backup_1"))
        #expect(backup.type == "Microsoft.DBforPostgreSQL/flexibleServers/backups")
        #expect(
            try field("properties.completedTime", of: backup) as? String
                == "2026-03-31T22:02:13.876954+00:00")
        let rule = WireFirewallRule(
            FirewallRule(name: "r", startIPAddress: "10.0.0.1", endIPAddress: "10.0.0.9"), of: server)
        #expect(try field("properties.startIpAddress", of: rule) as? String == "10.0.0.1")
        #expect(try field("properties.endIpAddress", of: rule) as? String == "10.0.0.9")
        let database = WireDatabase(
            DatabaseDetails(name: "shop", charset: "UTF8", collation: "C"), of: server)
        #expect(try field("properties.charset", of: database) as? String == "UTF8")
        let parameter = WireConfiguration(
            ParameterDetails(
                name: "work_mem", value: "4096", defaultValue: "4096", dataType: "Integer",
                allowedValues: "4096-2097151", source: "system-default", isDynamicConfig: true,
                isReadOnly: false, isConfigPendingRestart: false, unit: "kB", description: "d"),
            of: server)
        for name in [
            "value", "description", "defaultValue", "dataType", "allowedValues", "source",
            "isDynamicConfig", "isReadOnly", "isConfigPendingRestart", "unit",
        ] {
            #expect(try field("properties.\(name)", of: parameter) != nil, "\(name)")
        }
    }

    @Test func `a group tells its state, a list where it goes on`() throws {
        let group = WireGroup(GroupDetails(name: "rg", location: "local", tags: [:]), state: "Deleting")
        #expect(try field("properties.provisioningState", of: group) as? String == "Deleting")
        #expect(try field("tags", of: group) == nil)
        #expect(try field("nextLink", of: WireList([group])) == nil)
        let more = WireList([group], nextLink: "https://127.0.0.1/x")
        #expect(try field("nextLink", of: more) as? String == "https://127.0.0.1/x")
        #expect((try field("value", of: more) as? [Any])?.count == 1)
    }

    @Test func `an operation tells that it was accepted, how it is doing and why it failed`() throws {
        let accepted = WireAccepted(operation: "UpsertServerManagementOperationV2", at: instant())
        #expect(try field("startTime", of: accepted) as? String == "2026-03-31T22:02:13.876954Z")
        let path = try #require(
            ResourcePath.parse(
                "/subscriptions/s/providers/Microsoft.DBforPostgreSQL/locations/local"
                    + "/azureAsyncOperation/0a"))
        let running = WireOperation(path: path, name: "0a", status: .inProgress, startedAt: instant())
        #expect(try field("status", of: running) as? String == "InProgress")
        #expect(try field("error", of: running) == nil)
        let failed = WireOperation(
            path: path, name: "0a", status: .failed, startedAt: instant(), endedAt: instant(2),
            error: CloudErrorDocument(Problem(.walMissing, "gone")).error)
        #expect(try field("error.code", of: failed) as? String == "WALMissing")
        #expect(try field("error.message", of: failed) as? String == "Gone.")
        #expect(try field("id", of: failed) as? String == path.text)
    }

    @Test func `a name that is taken is refused in the words that az prints`() throws {
        let type = "Microsoft.DBforPostgreSQL/flexibleServers"
        let free = WireNameAvailability(name: "a", type: type, refusal: nil)
        #expect(free.nameAvailable && free.message.isEmpty && free.reason == nil)
        let taken = WireNameAvailability(
            name: "a", type: type,
            refusal: Problem(
                .serverNameAlreadyExists, "Specified server name is already used.", detail: "a"))
        #expect(!taken.nameAvailable && taken.reason == "AlreadyExists")
        #expect(taken.message == "Specified server name is already used.")
        let bad = WireNameAvailability(
            name: "a", type: type, refusal: Problem(.invalidServerName, "no", hint: "use b"))
        #expect(bad.reason == "Invalid" && bad.message == "No. Use b.")
    }

    @Test func `the machine is one subscription in one tenant, with regions and providers`() throws {
        #expect(WireSubscription().tenantId == WireTenant().tenantId)
        #expect(WireSubscription().id == ResourceID.ofSubscription)
        let local = WireLocation(try AzureLocation.resolve("local"))
        #expect(local.metadata.pairedRegion.first?.name == "local-pair")
        #expect(WireProvider.find("microsoft.dbforpostgresql")?.registrationState == "Registered")
        #expect(WireProvider.find("Microsoft.Compute") == nil)
        let item = WireResourceItem(.full)
        #expect(item.type == ResourceID.serverType && item.tags == ["owner": "ops"])
    }

    @Test(arguments: [
        ("2022-12-01", true, true), ("2023-03-01-preview", true, true), ("2017-12-01", true, true),
        ("2023-06-01-preview", false, true), ("2024-08-01", false, true),
        ("2024-11-01-preview", false, false), ("2026-10-01", false, false), ("2031-01-01", false, false),
        ("soon", false, false), (nil, false, false),
    ])
    func `capabilities have the shape of the client's age`(text: String?, isZone: Bool, isBare: Bool) {
        let version = APIVersion(text)
        #expect((version < .capabilitiesByLocation) == isZone)
        #expect((Capability([], versions: ["15"], for: version).supportedFeatures == nil) == isBare)
    }

    @Test func `the older shape has the same sizes below each version of PostgreSQL`() throws {
        let sizes = [
            SKUDetails(
                tier: "Burstable", name: "Standard_B2s", vCores: 2, memoryMiBPerVCore: 2048, maxIops: 1280)
        ]
        let zone = ZoneCapability(Capability(sizes, versions: ["15", "16"]))
        let edition = try #require(zone.supportedFlexibleServerEditions.first)
        #expect(edition.supportedServerVersions.map(\.name) == ["15", "16"])
        #expect(edition.supportedServerVersions[1].supportedVcores.map(\.name) == ["Standard_B2s"])
        #expect(
            edition.supportedStorageEditions[0].supportedStorageMB.contains { $0.storageSizeMB == 32_768 })
        #expect(zone.geoBackupSupported && !zone.zoneRedundantHaSupported)
    }

    @Test func `locations offer geo-redundant backups, and no high availability`() throws {
        let features = try #require(Capability([], versions: ["15"]).supportedFeatures)
        let status = Dictionary(uniqueKeysWithValues: features.map { ($0.name, $0.status) })
        #expect(status["OfferRestricted"] == "Disabled" && status["GeoBackup"] == "Enabled")
        #expect(status["ZoneRedundantHa"] == "Disabled")
    }
}
