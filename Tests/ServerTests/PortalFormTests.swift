import Portal
import PostgresFormat
import ServiceModel
import Testing

@testable import Server

/// What the portal's forms carry from one page to the next, and say as a command.
@Suite(.timeLimit(.minutes(1)))
struct PortalFormTests {
    @Test func `Create as a command makes the server that the form makes`() {
        var request = CreateServerRequest(resourceGroup: "demo")
        request.name = "orders"
        request.version = "16"
        request.tier = "GeneralPurpose"
        request.skuName = "Standard_D2ds_v5"
        request.storageSizeGiB = 64
        request.backupRetentionDays = 9
        request.geoRedundantBackup = true
        request.adminUser = "ann"
        request.publicAccess = "Enabled"
        request.tags = ["b": "", "a": "x y"]
        let words = [
            "-g", "demo", "-n", "orders", "--version", "16", "--tier", "GeneralPurpose", "--sku-name",
            "Standard_D2ds_v5", "--storage-size", "64", "--backup-retention", "9",
            "--geo-redundant-backup", "Enabled", "--admin-user", "ann", "--public-access", "Enabled",
            "--tags", "a=x y", "b",
        ]
        #expect(PortalPages.options(request) == words)
    }

    @Test(
        arguments: [
            ("database", "Add a database to orders"), ("delete-database", "Delete a database of orders"),
            ("delete-backup", "Delete a backup of orders"), ("upgrade", "Upgrade orders"),
            ("delete-group", "Delete resource group orders"),
        ] as [(String, String)])
    func `a deployment is titled by what it does`(kind: String, title: String) {
        #expect(PortalWords.operation(kind, on: "orders") == title)
    }

    @Test func `a moment that is still to come is refused`() {
        let now = PostgresTimestamp(unixMicroseconds: 1_792_886_400_000_000)
        #expect(throws: Never.self) { try PortalPages.requirePast(now, now: now) }
        #expect(throws: (any Error).self) {
            try PortalPages.requirePast(now.advanced(bySeconds: 1), now: now)
        }
    }

    @Test func `words that depend on now are an instant once the plan is made`() {
        var typed = RestoreForm()
        typed.moment = .custom
        typed.words = "10 minutes ago"
        let time = PostgresTimestamp(unixMicroseconds: 1_792_886_400_123_456)
        let settled = PortalPages.settled(typed, time)
        #expect(settled.words.isEmpty)
        #expect(settled.date == "2026-10-25" && settled.time == "00:00:00.123456")
        #expect(PortalPages.settled(typed, nil).words == "10 minutes ago")
        typed.moment = .latest
        #expect(PortalPages.settled(typed, time).words == "10 minutes ago")
    }
}
