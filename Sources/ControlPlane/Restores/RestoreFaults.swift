#if canImport(Glibc)
    import Glibc
#endif
import Platform
import Restore

/// Where a test may end or interrupt the process: `PITR_KILL_AT=<step>` makes it die by SIGKILL right there,
/// `PITR_INTERRUPT_AT=<step>` makes it get a SIGINT, `PITR_STOP_AT=<step>` holds it still until it gets a
/// SIGCONT.
///
/// Nothing else reads the variables; without them these calls do nothing. The steps of a restore are those of
/// `RestoreStep`, and the control plane's own `plan`, `open`, `complete` and `keep evidence`; those of a
/// creation begin with `create: `, those of a backup with `backup: `, those of an upgrade with `upgrade: `.
enum RestoreFaults {
    static let hook: @Sendable (RestoreStep) -> Void = { reached($0.rawValue) }

    static func reached(_ point: String) {
        if isWanted("PITR_STOP_AT", point) { kill(getpid(), SIGSTOP) }
        if isWanted("PITR_KILL_AT", point) { kill(getpid(), SIGKILL) }
        // To this thread, so that the signal has been handled when the call returns.
        if isWanted("PITR_INTERRUPT_AT", point) { raise(SIGINT) }
    }

    private static func isWanted(_ variable: String, _ point: String) -> Bool {
        getenv(variable).map { String(cString: $0) == point } ?? false
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
