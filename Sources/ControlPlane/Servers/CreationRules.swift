import Instance
public import Platform
import PostgresFormat
import ServiceModel

/// What `create`, `update` and `restore` accept, in Azure's words.
extension ControlPlane {
    static let storageSizes = [32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16384, 32767]

    /// The installation of a version that was asked for.
    static func installation(
        _ version: String, among all: [PostgresInstallation]
    ) throws(Problem) -> PostgresInstallation {
        if let wanted = all.first(where: { String($0.major) == version }) { return wanted }
        let known = PostgresInstallation.supported
        let isKnown = Int(version).map(known.contains) ?? false
        let allowed = all.map { "'\($0.major)'" }.joined(separator: ", ")
        throw Problem(
            .invalidParameterValue, "Invalid value for --version. Allowed values: [\(allowed)]",
            hint: isKnown
                ? "PostgreSQL \(version) is not installed: apt-get install postgresql-\(version), or name "
                    + "its directory in \(PostgresInstallation.placesVariable)."
                : "pitr runs PostgreSQL \(known.lowerBound) to \(known.upperBound), as far as they are "
                    + "installed."
        )
    }

    static func validate(_ request: CreateServerRequest) throws(Problem) {
        try validate(retention: request.backupRetentionDays)
        try validate(storage: request.storageSizeGiB)
        if let database = request.databaseName { try validate(databaseName: database) }
    }

    static func validate(retention days: Int?) throws(Problem) {
        if let days, !BackupRetention.allowedDays.contains(days) {
            throw Problem(
                .invalidParameterValue,
                "Invalid value for --backup-retention. Allowed values: \(BackupRetention.allowedWords) days.")
        }
    }

    static func validate(storage size: Int?) throws(Problem) {
        if let size, !storageSizes.contains(size) {
            throw Problem(
                .invalidParameterValue,
                "Invalid value for --storage-size. Allowed values (in GiB): \(storageSizes).")
        }
    }

    /// Bytes of a server's name, as in Azure.
    static let longestServerName = 63

    static func validate(serverName name: String) throws(Problem) {
        guard (3...longestServerName).contains(name.utf8.count) else {
            throw Problem(
                .invalidServerName, "Server name must be at least 3 characters and at most 63 characters.")
        }
        guard name.wholeMatch(of: /[a-z0-9][a-z0-9-]*[a-z0-9]/) != nil else {
            throw Problem(
                .invalidServerName, "'\(name)' is not a server name",
                hint: "Use lower-case letters, digits and hyphens; begin and end with a letter or digit.")
        }
    }

    /// What a new server's administrator may be called, and have as a password.
    public static func checkAdministrator(_ login: String?, password: String?) throws(Problem) {
        if let login { try AdminRole.checkName(login) }
        if let password { try AdminRole.checkPassword(password) }
    }

    static func validate(databaseName name: String) throws(Problem) {
        guard name.wholeMatch(of: /[a-zA-Z_][\w\-]{0,62}/) != nil else {
            throw Problem(
                .invalidParameterValue, "'\(name)' is not a database name",
                hint:
                    "Begin with a letter or underscore; then up to 62 letters, digits, hyphens, underscores.")
        }
    }

    /// The tier and SKU that options ask for: a SKU alone tells its tier, a tier alone takes its default SKU.
    static func resolveSize(
        tier: String?, sku: String?, current: ComputeSize? = nil
    ) throws(Problem) -> (ComputeTier, ComputeSize) {
        let names = ComputeTier.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        var chosen: ComputeTier?
        if let tier {
            guard let known = ComputeTier(name: tier) else {
                throw Problem(
                    .invalidParameterValue, "Incorrect value for --tier. Allowed values: [\(names)]")
            }
            chosen = known
        }
        if let sku {
            guard let size = ComputeSize.find(sku), chosen.map({ $0 == size.tier }) ?? true else {
                let tier = chosen ?? current?.tier ?? .generalPurpose
                let allowed = ComputeSize.sizes(in: tier).map { "'\($0.name)'" }.joined(separator: ", ")
                throw Problem(
                    .invalidParameterValue,
                    "Invalid value for --sku-name. The SKU name is not available in the \(tier.rawValue) tier. "
                        + "Allowed values: {\(allowed)}")
            }
            return (size.tier, size)
        }
        if let chosen {
            return (chosen, chosen == current?.tier ? current ?? chosen.defaultSize : chosen.defaultSize)
        }
        let size = current ?? ComputeTier.generalPurpose.defaultSize
        return (size.tier, size)
    }
}

/// `--public-access` as az takes it.
struct PublicAccess {
    let isPublic: Bool
    let rule: FirewallRule?

    init(_ text: String?, now: PostgresTimestamp) throws(Problem) {
        let time = now.components
        let stamp = "\(time.year)-\(time.month)-\(time.day)_\(time.hour)-\(time.minute)-\(time.second)"
        switch text?.lowercased() {
        case nil:
            isPublic = true
            rule = FirewallRule(
                name: "FirewallIPAddress_\(stamp)", startIPAddress: "127.0.0.1", endIPAddress: "127.0.0.1")
        case "none", "disabled":
            isPublic = false
            rule = nil
        case "enabled":
            isPublic = true
            rule = nil
        case "all":
            isPublic = true
            rule = FirewallRule(
                name: "AllowAll_\(stamp)", startIPAddress: "0.0.0.0", endIPAddress: "255.255.255.255")
        case "0.0.0.0":
            isPublic = true
            rule = FirewallRule(
                name: "AllowAllAzureServicesAndResourcesWithinAzureIps_\(stamp)", startIPAddress: "0.0.0.0",
                endIPAddress: "0.0.0.0")
        case let range?:
            let ends = range.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            let made = FirewallRule(
                name: "FirewallIPAddress_\(stamp)", startIPAddress: ends[0],
                endIPAddress: ends[ends.count - 1])
            guard ends.count <= 2 else { throw ControlPlane.invalidAddress }
            try ControlPlane.validate(made)
            isPublic = true
            rule = made
        }
    }
}

/// Names and passwords for what was not given.
enum GeneratedNames {
    static func server() -> String {
        "server" + String((0..<9).map { _ in Character(String(Int.random(in: 0...9))) })
    }

    static func admin() -> String {
        let first =
            ["calm", "brave", "lucid", "merry", "quiet", "sunny", "witty", "noble"].randomElement() ?? "calm"
        let second =
            ["heron", "otter", "maple", "comet", "ember", "fjord", "lotus", "raven"].randomElement()
            ?? "heron"
        return first + second + String(Int.random(in: 0...9))
    }

    /// 24 characters of three classes and more, without any that a shell or a URL would need quoted.
    static func password() -> String {
        let letters = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        var generator = SystemRandomNumberGenerator()
        let random = (0..<20).compactMap { _ in letters.randomElement(using: &generator) }
        return String(random) + "a7Q_"
    }
}
