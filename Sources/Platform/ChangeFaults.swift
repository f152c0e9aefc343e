import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Where a test may end the process without knowing its steps: in front of the n-th change that it makes.
///
/// Changes are those of files and directories, of the catalog, of a server by SQL, and programs that run.
/// With `PITR_KILL_AT_CHANGE=<n>` in its environment the process dies by SIGKILL in front of the n-th;
/// nothing else reads the variable, and programs that it starts do not get it.
public enum ChangeFaults {
    private static let made = Atomic<Int>(0)

    private static let last: Int? = {
        let name = "PITR_KILL_AT_CHANGE"
        defer { unsetenv(name) }
        return getenv(name).flatMap { Int(String(cString: $0)) }
    }()

    /// To be called in front of a change.
    public static func willChange() {
        guard let last else { return }
        if made.wrappingAdd(1, ordering: .relaxed).newValue >= last { kill(getpid(), SIGKILL) }
    }
}
