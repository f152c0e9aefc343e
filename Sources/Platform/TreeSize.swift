#if canImport(Glibc)
    import Glibc
#endif

/// How much a directory holds on disk.
public enum TreeSize {
    /// Allocated bytes below `path`; files that vanish meanwhile are left out, an absent directory holds
    /// nothing.
    public static func bytes(below path: String) -> UInt64 {
        path.withCString { bytes(of: $0, in: AT_FDCWD) }
    }

    /// By names in an open folder: the kernel looks up one name for a file, and not the way to it each time.
    private static func bytes(of name: UnsafePointer<CChar>, in folder: Int32) -> UInt64 {
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return 0 }
        let own = UInt64(clamping: Int64(status.st_blocks) * 512)
        guard status.st_mode & S_IFMT == S_IFDIR else { return own }
        let descriptor = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return own }
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            return own
        }
        defer { closedir(stream) }
        var sum = own
        while let entry = readdir(stream) {
            sum += withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    isWay(name) ? 0 : bytes(of: name, in: descriptor)
                }
            }
        }
        return sum
    }

    /// `.` and `..`.
    private static func isWay(_ name: UnsafePointer<CChar>) -> Bool {
        let dot = CChar(UInt8(ascii: "."))
        return name[0] == dot && (name[1] == 0 || name[1] == dot && name[2] == 0)
    }
}

/// Waiting between two looks at something that another process does.
public enum Pause {
    public static func milliseconds(_ milliseconds: UInt32) {
        usleep(milliseconds * 1000)
    }
}
