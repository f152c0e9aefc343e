#if canImport(Glibc)
    import Glibc
#endif
import Platform
import Restore

/// Where a test may end the process: `PITR_KILL_AT=<step>` makes it die by SIGKILL right there.
///
/// Nothing else reads the variable; without it these calls do nothing. The steps of a restore are those of
/// `RestoreStep`, and the control plane's own `open` and `complete`; those of a creation begin with `create:
/// `, those of a backup with `backup: `.
enum RestoreFaults {
    static let hook: @Sendable (RestoreStep) -> Void = { reached($0.rawValue) }

    static func reached(_ point: String) {
        if let wanted = getenv("PITR_KILL_AT"), String(cString: wanted) == point {
            kill(getpid(), SIGKILL)
        }
    }
}

/// Passes progress on; each step that begins is a place where a test may end the process.
struct FaultyProgress: ProgressReporter {
    let prefix: String
    let inner: any ProgressReporter

    func begin(_ step: String, totalBytes: UInt64?) {
        RestoreFaults.reached(prefix + step)
        inner.begin(step, totalBytes: totalBytes)
    }

    func advance(bytes: UInt64) { inner.advance(bytes: bytes) }
    func note(_ text: String) { inner.note(text) }
    func end() { inner.end() }
}
