#if canImport(Glibc)
    import Glibc
#endif

/// Versions of this machine's libraries that matter to data.
public enum LibraryVersion {
    /// The C library's, `2.36`: PostgreSQL takes it for the version of its collations. Nil where it does not
    /// say.
    public static var libc: String? {
        var text = [CChar](repeating: 0, count: 64)
        let count = confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count)
        guard count > 0, count <= text.count else { return nil }
        let words = String(decoding: text.prefix(count - 1).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return words.split(separator: " ").last.map { String($0) }
    }
}
