#if canImport(Glibc)
    import Glibc
#endif

/// How many files and sockets this process may have open.
public enum OpenFileLimit {
    /// Raises the soft limit to `wanted`, or as far as the hard one allows; never lowers it. Answers the
    /// limit that holds then. What the process starts inherits it.
    public static func raise(to wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        if limit.rlim_cur < UInt(wanted), limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = min(UInt(wanted), limit.rlim_max)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
