#if canImport(Glibc)
    import Glibc
#endif

/// The locale of new clusters.
public enum ClusterLocale {
    /// `C.UTF-8` (its order of characters never changes with the C library), or `C` where the machine lacks
    /// it.
    public static let preferred: String = isAvailable(wanted) ? wanted : "C"
    /// What new clusters get where the machine has it.
    public static let wanted = "C.UTF-8"

    /// What a database gets for a collation that was asked for: itself, or `preferred` where it is the one
    /// that az names of its own accord and the machine lacks it.
    public static func collation(asked: String) -> String {
        let ofAz = asked.lowercased().filter { $0 != "-" } == "en_us.utf8"
        return ofAz && !isAvailable(asked) ? preferred : asked
    }

    static func isAvailable(_ name: String) -> Bool {
        let categories: Int32 = 1 << LC_CTYPE | 1 << LC_COLLATE
        guard let locale = newlocale(categories, name, nil) else { return false }
        freelocale(locale)
        return true
    }
}
