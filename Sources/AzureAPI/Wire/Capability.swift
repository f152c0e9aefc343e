public import ServiceModel

/// The compute sizes on offer, in the nesting of `az postgres flexible-server list-skus`, which is that of
/// versions from 2023-06-01 on.
public struct Capability: Codable, Sendable {
    public struct Size: Codable, Sendable {
        public var name: String
        public var supportedHaMode: [String]
        public var supportedIops: Int
        public var supportedMemoryPerVcoreMb: Int
        public var supportedZones: [String]
        public var vCores: Int
    }

    public struct DiskTier: Codable, Sendable {
        public var iops: Int
        public var name: String
    }

    public struct DiskSize: Codable, Sendable {
        public var defaultIopsTier: String
        public var storageSizeMb: Int
        public var supportedIops: Int
        public var supportedIopsTiers: [DiskTier]
    }

    public struct StorageEdition: Codable, Sendable {
        public var defaultStorageSizeMb: Int
        public var name: String
        public var supportedStorageMb: [DiskSize]
    }

    public struct Edition: Codable, Sendable {
        @OrNull public var defaultSkuName: String?
        public var name: String
        public var supportedServerSkus: [Size]
        public var supportedStorageEditions: [StorageEdition]
    }

    public struct Version: Codable, Sendable {
        public var name: String
        public var supportedVersionsToUpgrade: [String]
    }

    public struct Feature: Codable, Sendable {
        public var name: String
        public var status: String
    }

    public var fastProvisioningSupported = "Disabled"
    public var geoBackupSupported = "Enabled"
    public var name: String
    public var onlineResizeSupported = "Disabled"
    /// Clients from before there were features take a location for closed unless this is `Disabled`.
    public var restricted = "Disabled"
    public var storageAutoGrowthSupported = "Enabled"
    /// Missing for versions before 2024-11-01.
    public var supportedFeatures: [Feature]?
    public var supportedServerEditions: [Edition]
    public var supportedServerVersions: [Version]
    public var zoneRedundantHaAndGeoBackupSupported = "Disabled"
    public var zoneRedundantHaSupported = "Disabled"

    /// Keeps the order in which tiers and sizes come.
    public init(
        _ sizes: [SKUDetails], versions: [String], for client: APIVersion = .newest
    ) {
        name = "FlexibleServerCapabilities"
        // az takes a location for closed unless `OfferRestricted` is there and disabled.
        supportedFeatures =
            client < .features
            ? nil
            : [
                Feature(name: "OfferRestricted", status: restricted),
                Feature(name: "ZoneRedundantHa", status: zoneRedundantHaSupported),
                Feature(name: "GeoBackup", status: geoBackupSupported),
                Feature(name: "OnlineResize", status: onlineResizeSupported),
            ]
        var tiers: [String] = []
        for size in sizes where !tiers.contains(size.tier) {
            tiers.append(size.tier)
        }
        supportedServerEditions = tiers.map { tier in
            let members = sizes.filter { $0.tier == tier }
            let usual = Self.defaults[tier].flatMap { name in
                members.contains { $0.name == name } ? name : nil
            }
            var edition = Edition(
                name: tier, supportedServerSkus: members.map(Self.size),
                supportedStorageEditions: [Self.disks])
            edition.defaultSkuName = usual ?? members.first?.name
            return edition
        }
        supportedServerVersions = versions.map { own in
            let newer = versions.filter { (Int($0) ?? 0) > (Int(own) ?? 0) }
            return Version(name: own, supportedVersionsToUpgrade: newer.sorted())
        }
    }

    private static let defaults = [
        "Burstable": "Standard_B2s", "GeneralPurpose": "Standard_D4ads_v5",
        "MemoryOptimized": "Standard_E4ads_v5",
    ]

    private static func size(_ details: SKUDetails) -> Size {
        Size(
            name: details.name, supportedHaMode: [], supportedIops: details.maxIops,
            supportedMemoryPerVcoreMb: details.memoryMiBPerVCore, supportedZones: [], vCores: details.vCores)
    }

    private static var disks: StorageEdition {
        StorageEdition(
            defaultStorageSizeMb: 131_072, name: "ManagedDisk",
            supportedStorageMb: ManagedDisk.all.map { disk in
                DiskSize(
                    defaultIopsTier: disk.tier, storageSizeMb: disk.sizeGiB * 1024, supportedIops: disk.iops,
                    supportedIopsTiers: [DiskTier(iops: disk.iops, name: disk.tier)])
            })
    }
}
