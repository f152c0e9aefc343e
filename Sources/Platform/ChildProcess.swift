#if canImport(Glibc)
    import Glibc
#endif

/// A process that this one started and did not wait for.
public enum ChildProcess {
    /// Whether it has ended; true is answered once, for the exit status is taken with it. False for other
    /// processes' children.
    public static func hasEnded(_ pid: Int32) -> Bool {
        waitpid(pid, nil, WNOHANG) == pid
    }
}
