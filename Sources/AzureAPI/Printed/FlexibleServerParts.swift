import ServiceModel

extension FlexibleServer {
    /// Passwords are the only way in.
    public struct AuthConfig: Codable, Sendable {
        public var activeDirectoryAuth = "Disabled"
        public var passwordAuth = "Enabled"
        @OrNull public var tenantId: String?
    }

    public struct BackupSettings: Codable, Sendable {
        public var backupRetentionDays: Int
        /// Null until the first base backup is complete.
        @OrNull public var earliestRestoreDate: String?
        public var geoRedundantBackup: String

        init(_ server: ServerDetails) {
            backupRetentionDays = server.backupRetentionDays
            geoRedundantBackup = server.geoRedundantBackup ? "Enabled" : "Disabled"
            earliestRestoreDate = server.earliestRestoreDate?.wireText
        }
    }

    public struct DataEncryption: Codable, Sendable {
        public var type = "SystemManaged"
    }

    public struct HighAvailability: Codable, Sendable {
        public var mode = "Disabled"
        @OrNull public var standbyAvailabilityZone: String?
        public var state = "NotEnabled"
    }

    public struct MaintenanceWindow: Codable, Sendable {
        public var customWindow: String
        /// 0 is Sunday.
        public var dayOfWeek: Int
        /// In UTC.
        public var startHour: Int
        public var startMinute: Int

        init(_ server: ServerDetails) {
            let window = server.maintenanceWindow
            customWindow = window == nil ? "Disabled" : "Enabled"
            dayOfWeek = window?.dayOfWeek ?? 0
            startHour = window?.startHour ?? 0
            startMinute = window?.startMinute ?? 0
        }
    }

    public struct Network: Codable, Sendable {
        @OrNull public var delegatedSubnetResourceId: String?
        @OrNull public var privateDnsZoneArmResourceId: String?
        public var publicNetworkAccess: String
    }

    public struct Replica: Codable, Sendable {
        public var capacity = 0
        @OrNull public var promoteMode: String?
        @OrNull public var promoteOption: String?
        @OrNull public var replicationState: String?
        public var role = "Primary"
    }

    public struct SKU: Codable, Sendable {
        public var name: String
        public var tier: String
    }

    public struct Storage: Codable, Sendable {
        public var autoGrow: String
        /// What Azure grants a disk of this size. Nothing here enforces it.
        @OrNull public var iops: Int?
        public var storageSizeGb: Int
        @OrNull public var throughput: Int?
        @OrNull public var tier: String?
        public var type: String

        init(_ server: ServerDetails) {
            autoGrow = server.storageAutoGrow ? "Enabled" : "Disabled"
            storageSizeGb = server.storageSizeGiB
            type = server.storageType
            let disk = ManagedDisk.holding(server.storageSizeGiB)
            iops = disk?.iops
            tier = disk?.tier
        }
    }

    public struct SystemData: Codable, Sendable {
        public var createdAt: String
        @OrNull public var createdBy: String?
        @OrNull public var createdByType: String?
        @OrNull public var lastModifiedAt: String?
        @OrNull public var lastModifiedBy: String?
        @OrNull public var lastModifiedByType: String?

        init(_ server: ServerDetails) {
            createdAt = server.createdAt.wireText
            createdBy = server.authorship.created?.caller
            createdByType = server.authorship.created?.wireType
            let last = server.authorship.changed ?? server.authorship.created
            lastModifiedAt = last?.time.wireText
            lastModifiedBy = last?.caller
            lastModifiedByType = last?.wireType
        }
    }
}

/// Azure's premium disks: their sizes, performance tiers and I/O rates.
struct ManagedDisk: Sendable {
    let sizeGiB: Int
    let tier: String
    let iops: Int

    static let all = [
        ManagedDisk(sizeGiB: 32, tier: "P4", iops: 120), ManagedDisk(sizeGiB: 64, tier: "P6", iops: 240),
        ManagedDisk(sizeGiB: 128, tier: "P10", iops: 500), ManagedDisk(sizeGiB: 256, tier: "P15", iops: 1100),
        ManagedDisk(sizeGiB: 512, tier: "P20", iops: 2300),
        ManagedDisk(sizeGiB: 1024, tier: "P30", iops: 5000),
        ManagedDisk(sizeGiB: 2048, tier: "P40", iops: 7500),
        ManagedDisk(sizeGiB: 4095, tier: "P50", iops: 7500),
        ManagedDisk(sizeGiB: 4096, tier: "P50", iops: 7500),
        ManagedDisk(sizeGiB: 8192, tier: "P60", iops: 16000),
        ManagedDisk(sizeGiB: 16384, tier: "P70", iops: 18000),
        ManagedDisk(sizeGiB: 32767, tier: "P80", iops: 20000),
    ]

    /// The smallest disk that holds as much.
    static func holding(_ sizeGiB: Int) -> ManagedDisk? {
        all.first { $0.sizeGiB >= sizeGiB }
    }
}

extension Authorship.Change {
    /// Azure's word for what kind of caller it was.
    var wireType: String { isPerson ? "User" : "Application" }
}
