#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Platform
import PostgresFormat

/// Names and ids that the control plane hands out.
public enum Identifiers {
    /// Azure ids need a subscription; there is one on this machine, the same everywhere.
    public static let subscription = "00000000-0000-0000-0000-000000000001"
    /// The directory that the identities of this machine belong to.
    public static let tenant = "00000000-0000-0000-0000-000000000002"
    public static let provider = "Microsoft.DBforPostgreSQL"
    public static let defaultGroup = "local"
    public static let defaultLocation = "local"

    /// A server's ARM resource id.
    public static func serverResourceID(resourceGroup: String, name: String) -> String {
        groupResourceID(resourceGroup) + "/providers/\(provider)/flexibleServers/\(name)"
    }

    public static func groupResourceID(_ group: String) -> String {
        "/subscriptions/\(subscription)/resourceGroups/\(group)"
    }

    /// Sixteen lower-case hexadecimal digits, never used twice.
    static func fresh() -> String {
        let digits = UUID().uuidString.lowercased().filter { $0 != "-" }
        return String(digits.prefix(16))
    }

    /// What `fresh` hands out.
    static var serverID: Regex<Substring> { /[0-9a-f]{16}/ }

    static func uuid() -> String {
        UUID().uuidString.lowercased()
    }

    /// Azure's name of an automatic backup: `backup_` and 18 digits, 100 ns ticks since 0001-01-01 one second
    /// before it completed.
    static func automaticBackupName(completed: PostgresTimestamp) -> String {
        let unixEpochTicks: Int64 = 621_355_968_000_000_000
        return "backup_\((completed.unixMicroseconds - 1_000_000) * 10 + unixEpochTicks)"
    }

    /// Resolves a bare server name or a full resource id.
    static func reference(_ text: String, defaultGroup: String) -> ServerReference? {
        if !text.contains("/") { return ServerReference(resourceGroup: defaultGroup, name: text) }
        let parts = text.split(separator: "/").map(String.init)
        guard parts.count == 8, parts[0].lowercased() == "subscriptions",
            parts[2].lowercased() == "resourcegroups", parts[4].lowercased() == "providers",
            parts[5].lowercased() == provider.lowercased(), parts[6].lowercased() == "flexibleservers"
        else { return nil }
        return ServerReference(resourceGroup: parts[3], name: parts[7])
    }
}

/// JSON in the catalog's text columns.
enum CatalogJSON {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: [UInt8](text.utf8).data)
        } catch {
            throw Problem(
                .stateDamaged, "the catalog contains a value that cannot be decoded", detail: "\(error)",
                hint: "Run 'pitr doctor'.")
        }
    }
}

extension [UInt8] {
    var data: Data { Data(self) }
}
