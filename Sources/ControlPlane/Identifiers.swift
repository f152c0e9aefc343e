#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import PostgresFormat
import ServiceModel

/// Ids that the control plane hands out.
extension Identifiers {
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
}
