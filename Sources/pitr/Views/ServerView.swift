import ControlPlane
import Notation
import PostgresFormat
import ServiceModel

/// A server for a person.
enum ServerView {
    /// az's columns, and the tags by which copies are told apart.
    static let columns = [
        "Name", "Resource Group", "Location", "Version", "Storage Size(GiB)", "Tier", "SKU", "State",
        "HA State", "Availability zone", "Tags",
    ]

    static func row(_ server: ServerDetails) -> [String] {
        [
            server.name, server.resourceGroup, server.location, server.version, String(server.storageSizeGiB),
            server.tier, server.skuName,
            server.state.rawValue + (server.archiver?.isFailing == true ? ", archiving FAILING" : "")
                + (server.attached?.slot?.level == .near ? ", slot NEAR ITS LIMIT" : ""),
            "NotEnabled", server.availabilityZone ?? "", tags(server.tags) ?? "",
        ]
    }

    /// A column for expiry only where something expires.
    static func table(_ servers: [ServerDetails]) -> ColumnTable {
        guard servers.contains(where: { $0.expiry != nil || $0.heldSince != nil }) else {
            return ColumnTable(header: columns, rows: servers.map(row))
        }
        return ColumnTable(
            header: columns + ["Expires"],
            rows: servers.map { server in
                return row(server) + [expiryCell(server)]
            })
    }

    /// The deleted ones: what matters is until when they can come back.
    static let deletedColumns = [
        "Name", "Resource Group", "Deleted", "Earliest Restore", "Latest Restore", "Id", "Tags",
    ]

    static func deletedRow(_ server: ServerDetails) -> [String] {
        [
            server.name, server.resourceGroup, server.deletedAt?.wholeSeconds ?? "",
            server.earliestRestoreDate?.wholeSeconds ?? "", server.latestRestoreDate?.wholeSeconds ?? "",
            server.id, tags(server.tags) ?? "",
        ]
    }

    static func text(_ server: ServerDetails) -> PersonText {
        var text = PersonText()
        text.heading("Server \(server.name)")
        text.field("State", server.state.rawValue)
        text.field("Resource group", server.resourceGroup)
        text.field("Location", server.location)
        text.field("Tags", tags(server.tags))
        text.field("Expires", expiry(server))
        if server.opened == nil { text.field("Address", "\(server.host), port \(server.port)") }
        text.field("Maintenance", server.maintenanceWindow.map { "\($0.description), for an hour" })
        text.field("Admin login", server.administratorLogin)
        text.field("Public access", server.publicNetworkAccess ? "Enabled" : "Disabled")
        text.field("PostgreSQL", server.postgresVersion.isEmpty ? server.version : server.postgresVersion)
        text.field("Created", server.createdAt.description)
        text.field("Deleted", server.deletedAt?.description)
        text.field("Id", server.id)
        if let attached = server.attached { AttachView.add(attached, to: &text) }
        if let opened = server.opened { OpenView.add(opened, needs: server.openedNeeds, to: &text) }
        text.heading("Compute and storage")
        text.field("Tier and SKU", "\(server.tier), \(server.skuName)")
        text.field("Size", "\(server.vCores) vCores, \(server.memoryMiB) MiB memory")
        text.field("On this machine", server.scaling.isEmpty ? nil : server.scaling)
        text.field(
            "Storage",
            "\(server.storageSizeGiB) GiB \(server.storageType)".trimmed
                + ", auto-grow \(server.storageAutoGrow ? "Enabled" : "Disabled")")
        if let usage = server.diskUsage {
            text.field(
                "Disk used",
                "data \(ByteText.of(usage.data)), backups \(ByteText.of(usage.backups)), "
                    + "WAL \(ByteText.of(usage.wal))")
        }
        text.heading("Backup")
        text.field("Retention", "\(server.backupRetentionDays) days")
        text.field("Geo-redundant", server.geoRedundantBackup ? "Enabled" : "Disabled")
        text.field(
            "Earliest restore",
            server.earliestRestoreDate?.description ?? "none before the first backup is complete")
        text.field("Latest restore", server.latestRestoreDate?.description)
        text.field("Drills", server.drillSchedule?.words)
        text.field("Last drill", server.lastDrill.map(drill))
        if let archiver = server.archiver { add(archiver, to: &text) }
        if let pair = server.geoRedundancy { add(pair, to: &text) }
        if let origin = server.restoredFrom { add(origin, to: &text) }
        text.heading("Places")
        if server.isOwn {
            text.field("Data", server.dataDirectory)
            text.field("Logs", server.logDirectory)
            text.field("Sockets", server.socketDirectory)
        }
        text.field("Repository", server.repositoryDirectory)
        text.field("System identifier", server.systemIdentifier.map { String($0) })
        return text
    }

    static func drill(_ record: DrillRecord) -> String {
        let words = "\(record.result.rawValue), \(record.startedAt.wholeSeconds)"
        return words + ((record.reason ?? record.trend?.words).map { ": " + $0 } ?? "")
    }

    private static func add(_ pair: GeoRedundancy, to text: inout PersonText) {
        let behind =
            switch (pair.missingFiles, pair.missingBackups) {
            case (nil, _), (_, nil): "the first repository cannot be read"
            case (0, 0): "nothing is waiting"
            case (let files?, let backups?):
                "\(backups) backups and \(files) files of WAL are waiting, since \(pair.lagSeconds ?? 0) s"
            }
        text.field(
            "Second copy",
            "\(pair.location), "
                + (pair.latestRestoreDate.map { "up to \($0)" } ?? "nothing to restore from yet") + "; "
                + behind)
    }

    private static func add(_ archiver: ArchiverHealth, to text: inout PersonText) {
        let last = archiver.lastArchivedWAL.map { name in
            name + (archiver.lastArchivedTime.map { " at \($0)" } ?? "")
        }
        text.field("Last archived", last)
        if archiver.isFailing {
            text.field(
                "Archiving",
                "FAILING: \(archiver.failureWords)")
        }
    }

    private static func add(_ origin: RestoredFrom, to text: inout PersonText) {
        text.heading("Restored from")
        text.field("Server", EvidenceView.named(origin.sourceServer, origin.sourceServerID))
        text.field("State as of", origin.restoreTimeUTC?.description)
        text.field("Position", origin.lsn.description)
        text.field("Base backup", origin.backup)
    }

    static func text(_ created: CreatedServer) -> PersonText {
        var text = PersonText()
        text.heading("Server \(created.server.name) is ready")
        text.field("Address", "\(created.server.host), port \(created.server.port)")
        text.field("Login", created.server.administratorLogin)
        text.field("Password", created.password)
        text.field("Database", created.databaseName)
        text.field("Firewall rule", created.firewallRuleName ?? "none: no login over TCP is possible yet")
        text.field("Size", "\(created.server.tier), \(created.server.skuName)")
        text.heading("Connect (the password is not shown again)")
        text.command("psql '\(created.connectionString)'")
        return text
    }

    /// `owner=ops env=test`, nil for none.
    static func tags(_ tags: [String: String]) -> String? {
        tags.isEmpty
            ? nil
            : tags.sorted { $0.key < $1.key }.map { $0.value.isEmpty ? $0.key : "\($0.key)=\($0.value)" }
                .joined(separator: " ")
    }
}

extension String {
    fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
