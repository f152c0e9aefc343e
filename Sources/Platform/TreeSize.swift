#if canImport(Glibc)
    import Glibc
#endif

/// How much a directory holds on disk.
public enum TreeSize {
    /// Allocated bytes below `path`; files that vanish meanwhile are left out, an absent directory holds
    /// nothing.
    public static func bytes(below path: String) -> UInt64 {
        var status = stat()
        guard lstat(path, &status) == 0 else { return 0 }
        let own = UInt64(clamping: Int64(status.st_blocks) * 512)
        guard status.st_mode & S_IFMT == S_IFDIR, let names = try? DurableFiles.list(path) else { return own }
        return names.reduce(own) { $0 + bytes(below: path + "/" + $1) }
    }
}

/// Waiting between two looks at something that another process does.
public enum Pause {
    public static func milliseconds(_ milliseconds: UInt32) {
        usleep(milliseconds * 1000)
    }
}
