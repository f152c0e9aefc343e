#if canImport(Glibc)
    import Glibc
#endif

/// The locale of new clusters.
public enum ClusterLocale {
    /// `C.UTF-8` (its order of characters never changes with the C library), or `C` where the machine lacks
    /// it.
    public static let preferred: String = isAvailable("C.UTF-8") ? "C.UTF-8" : "C"

    static func isAvailable(_ name: String) -> Bool {
        let categories: Int32 = 1 << LC_CTYPE | 1 << LC_COLLATE
        guard let locale = newlocale(categories, name, nil) else { return false }
        freelocale(locale)
        return true
    }
}
