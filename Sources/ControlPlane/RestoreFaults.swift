#if canImport(Glibc)
    import Glibc
#endif
import Restore

/// Where a test may end the process: `PITR_KILL_AT=<step>` makes it die by SIGKILL right there.
///
/// Nothing else reads the variable; without it these calls do nothing. The steps are those of `RestoreStep`,
/// and the control plane's own `open` and `complete`.
enum RestoreFaults {
    static let hook: @Sendable (RestoreStep) -> Void = { reached($0.rawValue) }

    static func reached(_ point: String) {
        if let wanted = getenv("PITR_KILL_AT"), String(cString: wanted) == point {
            kill(getpid(), SIGKILL)
        }
    }
}
