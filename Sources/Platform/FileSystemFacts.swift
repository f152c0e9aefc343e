#if canImport(Glibc)
    import Glibc
#endif

/// What a file system is like, and what is left of it for an ordinary process.
public struct FileSystemFacts: Sendable, Hashable {
    public var totalBytes: UInt64
    public var freeBytes: UInt64
    /// Files that can still be made; nil where the file system does not count them.
    public var freeFiles: UInt64?
    public var isReadOnly: Bool
    /// Whether programs that lie there can be run.
    public var runsPrograms: Bool

    public init(
        totalBytes: UInt64, freeBytes: UInt64, freeFiles: UInt64? = nil, isReadOnly: Bool = false,
        runsPrograms: Bool = true
    ) {
        self.totalBytes = totalBytes
        self.freeBytes = freeBytes
        self.freeFiles = freeFiles
        self.isReadOnly = isReadOnly
        self.runsPrograms = runsPrograms
    }

    /// Nil when there is nothing at `path`, or it cannot be reached.
    public init?(of path: String) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        // ST_RDONLY and ST_NOEXEC of statvfs(3), which Swift does not import.
        self.init(
            totalBytes: UInt64(status.f_blocks) * UInt64(status.f_frsize),
            freeBytes: UInt64(status.f_bavail) * UInt64(status.f_frsize),
            freeFiles: status.f_files > 0 ? UInt64(status.f_favail) : nil,
            isReadOnly: status.f_flag & 1 != 0, runsPrograms: status.f_flag & 8 == 0)
    }
}
