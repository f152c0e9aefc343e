import AzureAPI
import ServiceModel
import ServiceSamples
import Foundation
import Testing

struct FlexibleServerTests {
    @Test(arguments: [
        "name", "id", "state", "version", "minorVersion", "sku.name", "sku.tier", "storage.storageSizeGb",
        "storage.autoGrow", "storage.type", "storage.iops", "storage.tier", "backup.backupRetentionDays",
        "backup.earliestRestoreDate", "backup.geoRedundantBackup", "network.publicNetworkAccess",
        "administratorLogin", "fullyQualifiedDomainName", "location", "tags", "resourceGroup", "type",
        "systemData.createdAt", "availabilityZone", "highAvailability.mode", "highAvailability.state",
        "authConfig.passwordAuth", "replicationRole", "replicaCapacity", "maintenanceWindow.customWindow",
        "local.id", "local.host", "local.port", "local.dataDirectory", "local.socketDirectory",
        "local.logDirectory", "local.repositoryDirectory", "local.postgresVersion", "local.systemIdentifier",
        "local.vCores", "local.memoryMiB", "local.scaling", "local.restoredFrom.sourceServer",
        "local.restoredFrom.sourceServerId", "local.restoredFrom.restoreTimeUtc", "local.restoredFrom.lsn",
        "local.restoredFrom.backup", "local.latestRestoreDate", "local.diskUsage.data",
        "local.diskUsage.backups", "local.diskUsage.wal", "local.archiver.isFailing",
    ])
    func `has every field that az and the tool promise`(path: String) throws {
        let value = try field(path, of: FlexibleServer(.full))
        #expect(value != nil && !(value is NSNull))
    }

    @Test func `prints instants as Azure does, with the offset spelled out`() throws {
        let server = FlexibleServer(.full)
        #expect(server.systemData.createdAt == "2026-03-31T22:02:13.876954+00:00")
        #expect(server.backup.earliestRestoreDate == "2026-03-31T22:03:13.876954+00:00")
    }

    @Test func `names a server by the local subscription`() {
        #expect(
            FlexibleServer(.full).id
                == "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/local"
                + "/providers/Microsoft.DBforPostgreSQL/flexibleServers/orders")
    }

    @Test func `keeps a system identifier whole by printing it as text`() throws {
        #expect(
            try field("local.systemIdentifier", of: FlexibleServer(.full)) as? String == "7485930123456789012"
        )
    }

    @Test(arguments: [
        "backup.earliestRestoreDate", "local.restoredFrom", "local.archiver", "local.diskUsage",
        "availabilityZone",
        "sourceServerResourceId", "administratorLoginPassword", "local.latestRestoreDate",
    ])
    func `prints null where a value is missing`(path: String) throws {
        #expect(try field(path, of: FlexibleServer(.fresh)) is NSNull)
    }

    @Test func `reads back what it prints, and takes missing fields for null`() throws {
        let data = try JSONEncoder().encode(FlexibleServer(.full))
        let read = try JSONDecoder().decode(FlexibleServer.self, from: data)
        #expect(read.tags == ["owner": "ops"])
        #expect(read.local.restoredFrom?.lsn == "1/60000000")
        var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        object["tags"] = nil
        let shorter = try JSONSerialization.data(withJSONObject: object)
        #expect(try JSONDecoder().decode(FlexibleServer.self, from: shorter).tags == nil)
    }

    @Test(arguments: [(32, "P4"), (128, "P10"), (100, "P10"), (4095, "P50"), (32767, "P80")])
    func `knows the performance tier of a disk size`(size: Int, tier: String) {
        var server = ServerDetails.full
        server.storageSizeGiB = size
        #expect(FlexibleServer(server).storage.tier == tier)
    }
}
