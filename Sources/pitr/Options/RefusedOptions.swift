import ArgumentParser

/// az's options that have no counterpart on one machine: understood, so that a runbook gets a reason
/// instead of "unknown option", and refused.
protocol RefusedOptions: ParsableArguments {
    static var reason: String { get }
    /// Each option's name, and whether it was given.
    var given: [(name: String, isGiven: Bool)] { get }
}

extension RefusedOptions {
    func validate() throws {
        for option in given where option.isGiven {
            throw ValidationError("\(option.name) is not possible here: \(Self.reason)")
        }
    }
}

struct NetworkOptions: RefusedOptions {
    static let reason = "servers of this machine have no virtual network"

    @Option(help: .hidden) var vnet: String?
    @Option(help: .hidden) var subnet: String?
    @Option(help: .hidden) var privateDnsZone: String?
    // az until 2.85 has these two.
    @Option(help: .hidden) var addressPrefixes: String?
    @Option(help: .hidden) var subnetPrefixes: String?

    var given: [(name: String, isGiven: Bool)] {
        [
            ("--vnet", vnet != nil), ("--subnet", subnet != nil),
            ("--private-dns-zone", privateDnsZone != nil),
            ("--address-prefixes", addressPrefixes != nil), ("--subnet-prefixes", subnetPrefixes != nil),
        ]
    }
}

struct EncryptionOptions: RefusedOptions {
    static let reason = "there is no key vault and there are no managed identities on this machine"

    @Option(help: .hidden) var key: String?
    @Option(help: .hidden) var identity: String?
    @Option(help: .hidden) var federatedClientId: String?
    @Option(help: .hidden) var backupKey: String?
    @Option(help: .hidden) var backupIdentity: String?
    @Option(name: [.customShort("f"), .long], help: .hidden) var backupFederatedClientId: String?

    var given: [(name: String, isGiven: Bool)] {
        [
            ("--key", key != nil), ("--identity", identity != nil),
            ("--federated-client-id", federatedClientId != nil), ("--backup-key", backupKey != nil),
            ("--backup-identity", backupIdentity != nil),
            ("--backup-federated-client-id", backupFederatedClientId != nil),
        ]
    }
}

struct EntraOptions: RefusedOptions {
    static let reason = "there is no Microsoft Entra directory on this machine, logins are by password"

    @Option(help: .hidden) var microsoftEntraAuth: Switch?
    /// What the option above was called in az 2.45.
    @Option(help: .hidden) var activeDirectoryAuth: Switch?
    @Option(help: .hidden) var passwordAuth: Switch?
    @Option(name: [.customShort("m"), .long], help: .hidden) var adminDisplayName: String?
    @Option(name: [.customShort("i"), .long], help: .hidden) var adminObjectId: String?
    @Option(name: [.customShort("t"), .long], help: .hidden) var adminType: String?

    var given: [(name: String, isGiven: Bool)] {
        [
            ("--microsoft-entra-auth", microsoftEntraAuth == .enabled),
            ("--active-directory-auth", activeDirectoryAuth == .enabled),
            ("--password-auth Disabled", passwordAuth == .disabled),
            ("--admin-display-name", adminDisplayName != nil), ("--admin-object-id", adminObjectId != nil),
            ("--admin-type", adminType != nil),
        ]
    }
}

struct AvailabilityOptions: RefusedOptions {
    static let reason = "there is one machine, so there are no standby servers and no clusters"

    @Option(help: .hidden) var zonalResiliency: Switch?
    /// What the option above was called in older az: SameZone, ZoneRedundant, Enabled or Disabled.
    @Option(help: .hidden) var highAvailability: String?
    @Option(help: .hidden) var standbyZone: String?
    @Flag(help: .hidden) var allowSameZone = false
    @Option(help: .hidden) var nodeCount: Int?

    var given: [(name: String, isGiven: Bool)] {
        [
            ("--zonal-resiliency", zonalResiliency == .enabled),
            ("--high-availability", highAvailability.map { $0.lowercased() != "disabled" } ?? false),
            ("--standby-zone", standbyZone != nil),
            ("--allow-same-zone", allowSameZone), ("--node-count", nodeCount != nil),
        ]
    }
}

struct PerformanceOptions: RefusedOptions {
    static let reason = "the machine's own disk is as fast as it is"

    @Option(help: .hidden) var iops: Int?
    @Option(help: .hidden) var throughput: Int?
    @Option(help: .hidden) var performanceTier: String?

    var given: [(name: String, isGiven: Bool)] {
        [
            ("--iops", iops != nil), ("--throughput", throughput != nil),
            ("--performance-tier", performanceTier != nil),
        ]
    }
}

/// az's generic way to change a resource.
struct GenericUpdateOptions: RefusedOptions {
    static let reason = "use the option for what is to change"

    @Option(parsing: .upToNextOption, help: .hidden) var add: [String] = []
    @Option(parsing: .upToNextOption, help: .hidden) var set: [String] = []
    @Option(parsing: .upToNextOption, help: .hidden) var remove: [String] = []
    @Flag(help: .hidden) var forceString = false

    var given: [(name: String, isGiven: Bool)] {
        [
            ("--add", !add.isEmpty), ("--set", !set.isEmpty), ("--remove", !remove.isEmpty),
            ("--force-string", forceString),
        ]
    }
}

/// All that a server cannot have here.
struct RefusedServerOptions: ParsableArguments {
    @OptionGroup var network: NetworkOptions
    @OptionGroup var encryption: EncryptionOptions
    @OptionGroup var entra: EntraOptions
    @OptionGroup var availability: AvailabilityOptions
    @OptionGroup var performance: PerformanceOptions
}
