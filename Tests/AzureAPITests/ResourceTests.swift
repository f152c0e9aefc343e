import AzureAPI
import Foundation
import PostgresFormat
import ServiceModel
import ServiceSamples
import Testing

struct ResourceTests {
    private let server = ServerReference(resourceGroup: "rg", name: "Orders")

    @Test func `a backup carries Azure's fields and our numbers apart from them`() throws {
        let backup = BackupDetails(
            name: "backup_1", backupType: "Full", source: "Automatic", completedTime: instant(),
            startLSN: LSN(0x2000028), stopLSN: LSN(0x2000100), timeline: TimelineID(1), totalBytes: 10,
            storedBytes: 4, storage: "zstd")
        let document = ServerBackup(backup, of: server)
        #expect(
            document.id.hasSuffix(
                "/resourceGroups/rg/providers/\(ResourceID.serverType)/orders/backups/backup_1"
            ))
        #expect(document.completedTime == "2026-03-31T22:02:13.876954+00:00")
        #expect(document.type == "Microsoft.DBforPostgreSQL/flexibleServers/backups")
        #expect(try field("local.startLsn", of: document) as? String == "0/2000028")
        #expect(try field("systemData", of: document) is NSNull)
    }

    @Test func `an event of the activity log has az's nested names`() throws {
        var event = ActivityEvent(
            eventID: "e", correlationID: "c", operationID: "o", time: instant(),
            operationName: "Microsoft.DBforPostgreSQL/flexibleServers/restart/action",
            operationTitle: "Restart PostgreSQL Server", status: .failed, resourceGroup: "rg",
            resourceID: ResourceID.server(server), caller: "ada", errorCode: "ServerIsNotReady",
            statusMessage: "why", properties: ["sourceServer": "src"])
        let failed = ActivityLogEvent(event)
        #expect(
            try field("operationName.localizedValue", of: failed) as? String == "Restart PostgreSQL Server")
        #expect(try field("status.value", of: failed) as? String == "Failed")
        #expect(try field("properties.statusCode", of: failed) as? String == "ServerIsNotReady")
        #expect(try field("properties.sourceServer", of: failed) as? String == "src")
        #expect(failed.resourceType.value == "Microsoft.DBforPostgreSQL/flexibleServers")
        #expect(failed.level == "Error")
        #expect(failed.eventName.value == "EndRequest")
        event.status = .started
        #expect(ActivityLogEvent(event).eventName.value == "BeginRequest")
        #expect(ActivityLogEvent(event).level == "Informational")
    }

    @Test func `sizes are grouped by tier, with Azure's usual one named`() throws {
        let sizes = [
            SKUDetails(
                tier: "Burstable", name: "Standard_B1ms", vCores: 1, memoryMiBPerVCore: 2048, maxIops: 640),
            SKUDetails(
                tier: "Burstable", name: "Standard_B2s", vCores: 2, memoryMiBPerVCore: 2048, maxIops: 1280),
            SKUDetails(
                tier: "MemoryOptimized", name: "Standard_E2ds_v5", vCores: 2, memoryMiBPerVCore: 8192,
                maxIops: 3750),
        ]
        let capability = Capability(sizes, versions: ["15"])
        #expect(capability.supportedServerEditions.map(\.name) == ["Burstable", "MemoryOptimized"])
        #expect(capability.supportedServerEditions[0].defaultSkuName == "Standard_B2s")
        #expect(capability.supportedServerEditions[1].defaultSkuName == "Standard_E2ds_v5")
        #expect(capability.supportedFeatures?.first?.name == "OfferRestricted")
        #expect(capability.supportedFeatures?.first?.status == "Disabled")
    }

    @Test func `a group shows its state where az looks for it`() throws {
        let group = ResourceGroup(GroupDetails(name: "rg", location: "local", tags: [:]))
        #expect(try field("properties.provisioningState", of: group) as? String == "Succeeded")
        #expect(group.id == "\(ResourceID.ofSubscription)/resourceGroups/rg")
    }

    @Test func `connection strings name host, port and placeholders`() {
        let strings = ConnectionStrings(
            host: "127.1.2.3", port: 5433, database: "shop", login: nil, password: nil
        ).all
        #expect(
            strings["psql_cmd"] == "postgresql://{login}:{password}@127.1.2.3:5433/shop"
                + "?sslmode=verify-full&sslrootcert={ca.crt}")
        #expect(
            Set(strings.keys) == [
                "psql_cmd", "ado.net", "jdbc", "jdbc Spring", "node.js", "php", "python", "ruby",
            ])
    }

    @Test func `a password with special characters is written as each kind of string wants it`() throws {
        let strings = ConnectionStrings(
            host: "127.1.2.3", port: 5432, database: "shop", login: "ada", password: #"p@s/'s \1;"#,
            rootCertificate: "/srv/a b/ca.crt"
        ).all
        let verified = "sslmode=verify-full&sslrootcert=/srv/a%20b/ca.crt"
        #expect(strings.values.allSatisfy { $0.contains("ca.crt") && !$0.contains("require") })
        let escaped = "p%40s%2F%27s%20%5C1%3B"
        #expect(strings["psql_cmd"] == "postgresql://ada:\(escaped)@127.1.2.3:5432/shop?\(verified)")
        #expect(
            try #require(strings["node.js"]).contains(
                "'postgres://ada:\(escaped)@127.1.2.3:5432/shop?\(verified)'"))
        #expect(
            try #require(strings["jdbc"]).hasSuffix("?user=ada&password=\(escaped)&\(verified)"))
        #expect(try #require(strings["php"]).contains(#"dbname=shop user=ada password='p@s/\'s \\1;'"#))
        #expect(try #require(strings["python"]).contains(#"password='p@s/\'s \\1;'"#))
        #expect(try #require(strings["ruby"]).contains(#":password => 'p@s/\'s \\1;'"#))
        #expect(try #require(strings["ado.net"]).contains(#"Password="p@s/'s \1;";"#))
    }

    @Test func `a combining mark hides no quote of a password`() throws {
        let strings = ConnectionStrings(
            host: "127.1.2.3", port: 5432, database: "shop", login: "ada", password: "p'\u{301}\"\u{301}"
        ).all
        let ruby = Array(try #require(strings["ruby"]).unicodeScalars)
        #expect(ruby.contains(Array("'p\\'\u{301}\"\u{301}'".unicodeScalars)))
        let net = Array(try #require(strings["ado.net"]).unicodeScalars)
        #expect(net.contains(Array("\"p'\u{301}\"\"\u{301}\"".unicodeScalars)))
    }
}
