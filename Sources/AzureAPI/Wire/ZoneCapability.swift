/// What a location offers in the nesting of versions before 2023-06-01: sizes stand below each version of
/// PostgreSQL, and whether something is supported is a truth value.
public struct ZoneCapability: Encodable, Sendable {
    public struct Core: Encodable, Sendable {
        public var name: String
        public var vCores: Int
        public var supportedIops: Int
        public var supportedMemoryPerVcoreMB: Int
        public var status = "Available"
    }

    public struct Version: Encodable, Sendable {
        public var name: String
        public var supportedVersionsToUpgrade: [String]
        public var supportedVcores: [Core]
        public var status = "Available"
    }

    public struct Tier: Encodable, Sendable {
        public var name: String
        public var tierName: String
        public var iops: Int
        public var isBaseline = true
        public var status = "Available"
    }

    public struct DiskSize: Encodable, Sendable {
        public var name: String
        public var supportedIops: Int
        public var storageSizeMB: Int
        public var supportedUpgradableTierList: [Tier]
        public var status = "Available"
    }

    public struct StorageEdition: Encodable, Sendable {
        public var name: String
        public var supportedStorageMB: [DiskSize]
        public var status = "Available"
    }

    public struct Edition: Encodable, Sendable {
        public var name: String
        public var supportedStorageEditions: [StorageEdition]
        public var supportedServerVersions: [Version]
        public var status = "Available"
    }

    /// This machine is in no zone.
    public var zone = "none"
    public var supportedHAMode: [String] = []
    public var geoBackupSupported = true
    public var zoneRedundantHaSupported = false
    public var zoneRedundantHaAndGeoBackupSupported = false
    public var supportedFlexibleServerEditions: [Edition]
    public var supportedHyperscaleNodeEditions: [WireNothing] = []
    public var fastProvisioningSupported = false
    public var supportedFastProvisioningEditions: [WireNothing] = []
    public var status = "Available"

    /// The same in the older nesting.
    public init(_ capability: Capability) {
        supportedFlexibleServerEditions = capability.supportedServerEditions.map { edition in
            Edition(
                name: edition.name,
                supportedStorageEditions: edition.supportedStorageEditions.map(Self.storage),
                supportedServerVersions: capability.supportedServerVersions.map { version in
                    Version(
                        name: version.name, supportedVersionsToUpgrade: version.supportedVersionsToUpgrade,
                        supportedVcores: edition.supportedServerSkus.map(Self.core))
                })
        }
    }

    private static func core(_ size: Capability.Size) -> Core {
        Core(
            name: size.name, vCores: size.vCores, supportedIops: size.supportedIops,
            supportedMemoryPerVcoreMB: size.supportedMemoryPerVcoreMb)
    }

    private static func storage(_ edition: Capability.StorageEdition) -> StorageEdition {
        StorageEdition(
            name: edition.name,
            supportedStorageMB: edition.supportedStorageMb.map { disk in
                DiskSize(
                    name: disk.defaultIopsTier, supportedIops: disk.supportedIops,
                    storageSizeMB: disk.storageSizeMb,
                    supportedUpgradableTierList: disk.supportedIopsTiers.map { tier in
                        Tier(name: tier.name, tierName: tier.name, iops: tier.iops)
                    })
            })
    }
}
