#if canImport(Glibc)
    import Glibc
#endif

/// How large a file of this process may become.
public enum FileSizeLimit {
    /// Bytes; nil without a limit.
    public static var current: UInt64? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { return nil }
        // RLIM_INFINITY, whose macro Swift does not import.
        return limit.rlim_cur == rlim_t.max ? nil : UInt64(limit.rlim_cur)
    }
}
