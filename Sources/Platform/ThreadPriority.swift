#if canImport(Glibc)
    import Glibc
#endif

/// How much of a busy processor a thread gets.
public enum ThreadPriority {
    private static let lowered: Int32 = 10

    /// Has this thread, and those that it starts from now on, stand back behind others; for good. Where
    /// nobody else wants the processor it works as fast as before.
    public static func lower() {
        // On Linux it is the calling thread's own. One that stands further back already stays there.
        errno = 0
        let now = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        if errno == 0, now < lowered { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, lowered) }
    }
}
