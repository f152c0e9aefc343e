import CSupport
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// An advisory lock on a file, held while the value lives; the kernel frees it when the process ends,
/// however.
public final class DirectoryLock: Sendable {
    public enum Mode: Sendable {
        case shared, exclusive
    }

    public let path: String
    private let descriptor: Mutex<Int32?>

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        release()
    }

    /// Gives the lock back; later calls do nothing. A value that is not used any more may be released early,
    /// so a holder says with `defer` how long it needs the lock.
    public func release() {
        descriptor.withLock { held in
            if let open = held {
                // Not by closing alone: a child of another thread has the descriptor until its program runs.
                _ = pitr_unlock(open)
                close(open)
            }
            held = nil
        }
    }

    /// Takes the lock, or answers nil when another holder is in the way. The file is made when missing.
    public static func attempt(_ path: String, _ mode: Mode = .exclusive) throws(Problem) -> DirectoryLock? {
        try take(path, mode, wait: false)
    }

    /// Takes the lock, waiting as long as it takes.
    public static func wait(_ path: String, _ mode: Mode = .exclusive) throws(Problem) -> DirectoryLock {
        while true {
            if let lock = try take(path, mode, wait: true) { return lock }
        }
    }

    /// Takes the lock within `seconds`, or answers nil; asks every 10 ms, so that a cancellation gets
    /// through.
    public static func wait(
        _ path: String, _ mode: Mode = .exclusive, atMost seconds: Double, cancellation: CancellationFlag
    ) throws(Problem) -> DirectoryLock? {
        let watch = Stopwatch()
        while true {
            if let lock = try attempt(path, mode) { return lock }
            try cancellation.check()
            if watch.seconds >= seconds { return nil }
            usleep(10_000)
        }
    }

    /// Whether somebody has the lock alone. A file that is missing stays so.
    ///
    /// Whoever asks shares the lock for a moment, and so is seen by nobody else who asks. Who wants it alone
    /// waits for that moment, or is told that it is taken if waiting is not wanted.
    public static func isHeld(_ path: String) throws(Problem) -> Bool {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return false }
            throw Problem.system("cannot open", path, errno)
        }
        let look = DirectoryLock(path: path, descriptor: descriptor)
        defer { look.release() }
        switch pitr_lock(descriptor, 0, 0) {
        case 0: return false
        case EWOULDBLOCK, EINTR: return true
        case let failure: throw Problem.system("cannot lock", path, failure)
        }
    }

    private static func take(_ path: String, _ mode: Mode, wait: Bool) throws(Problem) -> DirectoryLock? {
        let descriptor = try OpenFile.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        let lock = DirectoryLock(path: path, descriptor: descriptor)
        switch pitr_lock(descriptor, mode == .exclusive ? 1 : 0, wait ? 1 : 0) {
        case 0: return lock
        case EWOULDBLOCK, EINTR: return nil
        case let failure: throw Problem.system("cannot lock", path, failure)
        }
    }
}
