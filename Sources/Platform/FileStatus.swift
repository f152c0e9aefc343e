#if canImport(Glibc)
    import Glibc
#endif

/// What is known of a directory entry.
public struct FileStatus: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case file, directory, symbolicLink, other
    }

    public let kind: Kind
    /// In bytes.
    public let size: UInt64
    /// Bytes of disk it takes; less than the size for sparse files.
    public let allocatedBytes: UInt64
    /// Seconds since 1970-01-01 UTC.
    public let modified: Int64
    public let permissions: UInt32
    public let owner: UInt32
    /// Of the file system: files on one can be renamed into each other's place, and are flushed together.
    public let device: UInt64
    /// What tells the file from every other one of its file system while it exists.
    public let number: UInt64

    init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        size = UInt64(raw.st_size)
        allocatedBytes = UInt64(raw.st_blocks) * 512
        modified = Int64(raw.st_mtim.tv_sec)
        permissions = raw.st_mode & 0o7777
        owner = raw.st_uid
        device = UInt64(raw.st_dev)
        number = UInt64(raw.st_ino)
    }
}
