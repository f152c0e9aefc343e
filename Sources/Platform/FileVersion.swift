#if canImport(Glibc)
    import Glibc
#endif

/// Tells a file's content from every other that is at its path later or was there before: another file has
/// another number, and whoever writes to one, or renames one into its place, changes a time that nobody can
/// set.
public struct FileVersion: Hashable, Sendable {
    private struct Time: Hashable, Sendable {
        var seconds: Int
        var nanoseconds: Int

        init(_ raw: timespec) {
            seconds = raw.tv_sec
            nanoseconds = raw.tv_nsec
        }
    }

    /// In bytes.
    public let size: UInt64
    private let device: UInt64
    private let number: UInt64
    private let modified: Time
    private let changed: Time

    private init(_ raw: stat) {
        size = UInt64(raw.st_size)
        device = UInt64(raw.st_dev)
        number = UInt64(raw.st_ino)
        modified = Time(raw.st_mtim)
        changed = Time(raw.st_ctim)
    }

    /// Of the file at a path in a directory that is open.
    fileprivate init?(_ path: String, in directory: Int32) {
        var raw = stat()
        guard fstatat(directory, path, &raw, 0) == 0 else { return nil }
        self.init(raw)
    }

    /// Of the file at a path, following symbolic links as whoever opens it does; nil where there is none or
    /// it cannot be seen.
    public init?(path: String) {
        var raw = stat()
        guard stat(path, &raw) == 0 else { return nil }
        self.init(raw)
    }

    public init(_ file: OpenFile) throws(Problem) {
        var raw = stat()
        guard fstat(file.descriptor, &raw) == 0 else {
            throw Problem.system("cannot examine", file.path, errno)
        }
        self.init(raw)
    }

    /// Whether any change from now on gives another version. File systems take their times from a clock that
    /// stands still for milliseconds, some for seconds: two changes within one tick look like one.
    ///
    /// - Parameter tick: in seconds.
    public func isSettled(tick: Int) -> Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return changed.seconds < now.tv_sec - tick
    }
}

/// A directory whose files are looked at one after the other: by their names that takes a fraction of what
/// whole paths take.
public final class OpenDirectory: Sendable {
    private let descriptor: Int32

    /// Nil where there is none that can be opened.
    public init?(_ path: String) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Of the file at a path in it; nil where there is none or it cannot be seen.
    public func version(of path: String) -> FileVersion? { FileVersion(path, in: descriptor) }
}
