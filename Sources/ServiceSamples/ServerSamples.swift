public import ServiceModel
public import PostgresFormat

/// 2026-03-31T22:02:13.876954Z and seconds around it.
public func instant(_ seconds: Int64 = 0) -> PostgresTimestamp {
    PostgresTimestamp(unixMicroseconds: 1_774_994_533_876_954).advanced(bySeconds: seconds)
}

extension ServerDetails {
    /// A server with a value in every field that can be missing.
    public static var full: ServerDetails {
        ServerDetails(
            id: "5f0c3a1e", name: "orders", resourceGroup: "local", location: "local", tags: ["owner": "ops"],
            createdAt: instant(), deletedAt: nil, state: .ready, version: "15", minorVersion: "18",
            tier: "GeneralPurpose", skuName: "Standard_D4ads_v5", vCores: 4, memoryMiB: 16384,
            scaling: "shared_buffers is 128 MiB instead of 4 GiB", storageSizeGiB: 128,
            storageType: "Premium_LRS", storageAutoGrow: false, backupRetentionDays: 7,
            geoRedundantBackup: false, earliestRestoreDate: instant(60), latestRestoreDate: instant(3600),
            publicNetworkAccess: true, administratorLogin: "ada", availabilityZone: "1", host: "127.1.2.3",
            port: 5432, dataDirectory: "/s/data", socketDirectory: "/run/x", logDirectory: "/s/log",
            repositoryDirectory: "/r", postgresVersion: "15.18", systemIdentifier: 7_485_930_123_456_789_012,
            restoredFrom: RestoredFrom(
                sourceServer: "src", sourceServerID: "aaaa", restoreTimeUTC: instant(-5),
                lsn: LSN(0x1_6000_0000),
                backup: "backup_1", sourceServerResourceID: "/subscriptions/s/src"),
            diskUsage: DiskUsage(data: 3, backups: 2, wal: 1),
            archiver: ArchiverHealth(
                lastArchivedWAL: "000000010000000000000002", lastArchivedTime: instant(-1), failedCount: 0,
                lastFailedWAL: nil, lastFailedTime: nil, isFailing: false))
    }

    /// The same just after its start: nothing backed up, nothing measured.
    public static var fresh: ServerDetails {
        var server = full
        server.tags = [:]
        server.earliestRestoreDate = nil
        server.latestRestoreDate = nil
        server.availabilityZone = nil
        server.systemIdentifier = nil
        server.restoredFrom = nil
        server.diskUsage = nil
        server.archiver = nil
        return server
    }
}
