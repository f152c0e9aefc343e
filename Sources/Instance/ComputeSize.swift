/// Azure's three price tiers of compute.
public enum ComputeTier: String, Sendable, Hashable, CaseIterable, Codable {
    case burstable = "Burstable"
    case generalPurpose = "GeneralPurpose"
    case memoryOptimized = "MemoryOptimized"

    /// Ignores the case of letters.
    public init?(name: String) {
        guard let tier = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
            return nil
        }
        self = tier
    }

    /// What a server of the tier gets when no SKU is named.
    public var defaultSize: ComputeSize {
        switch self {
        case .burstable: ComputeSize(tier: self, name: "Standard_B2s", vCores: 2, memoryMiB: 4096, iops: 1280)
        case .generalPurpose: .perCore(self, "D", 4, "ads_v5")
        case .memoryOptimized: .perCore(self, "E", 4, "ads_v5")
        }
    }
}

/// One of Azure's compute SKUs: what a server of it may count on there.
public struct ComputeSize: Sendable, Hashable {
    public let tier: ComputeTier
    /// For example `Standard_D4ads_v5`.
    public let name: String
    public let vCores: Int
    public let memoryMiB: Int
    /// The most input and output operations per second.
    public let supportedIops: Int

    public var memoryPerVCoreMiB: Int { memoryMiB / vCores }

    init(tier: ComputeTier, name: String, vCores: Int, memoryMiB: Int, iops: Int) {
        self.tier = tier
        self.name = name
        self.vCores = vCores
        self.memoryMiB = memoryMiB
        supportedIops = iops
    }

    /// Every SKU, by tier, family and size.
    public static let all: [ComputeSize] = burstable + generalPurpose + memoryOptimized

    /// The SKU of that name, in any case of letters.
    public static func find(_ name: String) -> ComputeSize? {
        all.first { $0.name.lowercased() == name.lowercased() }
    }

    public static func sizes(in tier: ComputeTier) -> [ComputeSize] {
        all.filter { $0.tier == tier }
    }

    private static let burstable: [ComputeSize] = [
        ("B1ms", 1, 2, 640), ("B2s", 2, 4, 1280), ("B2ms", 2, 8, 1920), ("B4ms", 4, 16, 2880),
        ("B8ms", 8, 32, 4320), ("B12ms", 12, 48, 4320), ("B16ms", 16, 64, 4320), ("B20ms", 20, 80, 4320),
    ].map { name, cores, memory, iops in
        ComputeSize(
            tier: .burstable, name: "Standard_" + name, vCores: cores, memoryMiB: memory << 10, iops: iops)
    }

    private static let generalPurpose =
        family(.generalPurpose, "D", "s_v3", [2, 4, 8, 16, 32, 48, 64])
        + family(.generalPurpose, "D", "ds_v4", [2, 4, 8, 16, 32, 48, 64])
        + family(.generalPurpose, "D", "ds_v5", [2, 4, 8, 16, 32, 48, 64, 96])
        + family(.generalPurpose, "D", "ads_v5", [2, 4, 8, 16, 32, 48, 64, 96])

    private static let memoryOptimized =
        family(.memoryOptimized, "E", "s_v3", [2, 4, 8, 16, 32, 48, 64])
        + family(.memoryOptimized, "E", "ds_v4", [2, 4, 8, 16, 20, 32, 48, 64])
        + family(.memoryOptimized, "E", "ds_v5", [2, 4, 8, 16, 20, 32, 48, 64, 96])
        + family(.memoryOptimized, "E", "ads_v5", [2, 4, 8, 16, 20, 32, 48, 64, 96])

    private static func family(
        _ tier: ComputeTier, _ letter: String, _ suffix: String, _ cores: [Int]
    ) -> [ComputeSize] {
        cores.map { perCore(tier, letter, $0, suffix) }
    }

    /// D sizes have 4 GiB a core, E sizes 8; the machines' disk bandwidth grows with the cores up to a
    /// ceiling.
    static func perCore(_ tier: ComputeTier, _ letter: String, _ cores: Int, _ suffix: String) -> ComputeSize
    {
        ComputeSize(
            tier: tier, name: "Standard_\(letter)\(cores)\(suffix)", vCores: cores,
            memoryMiB: cores * (letter == "E" ? 8192 : 4096),
            iops: cores == 2 && suffix.hasSuffix("v5") ? 3750 : min(80_000, cores * 1600))
    }
}
