import Notation

#if canImport(Glibc)
    import Glibc
#endif

/// Directories that must belong to somebody in particular.
enum OwnedDirectory {
    /// Makes the directory; missing parents get mode 0755 (less the umask). One that exists is left as it is.
    static func make(_ path: String, mode: mode_t) throws(Problem) {
        for parent in ServiceAccount.ancestors(of: path).dropFirst() where mkdir(parent, 0o755) != 0 {
            guard errno == EEXIST || errno == EACCES || errno == EROFS else {
                throw SystemCommands.failure("cannot make the directory \(parent)", errno)
            }
        }
        if mkdir(path, mode) != 0 && errno != EEXIST {
            throw SystemCommands.failure("cannot make the directory \(path)", errno)
        }
    }

    /// Refuses anything but a directory (no symbolic link) that belongs to `uid`.
    static func requireOwned(_ path: String, uid: uid_t) throws(Problem) {
        try check(status(of: path), path, uid: uid)
    }

    /// As `requireOwned`, and closes the directory to everybody else.
    static func requirePrivate(_ path: String, uid: uid_t) throws(Problem) {
        try withDirectory(path) { (descriptor, status) throws(Problem) in
            try check(status, path, uid: uid)
            if status.st_mode & 0o077 != 0 && fchmod(descriptor, 0o700) != 0 {
                throw SystemCommands.failure("cannot close the directory \(path) to others", errno)
            }
        }
    }

    /// Gives a directory of root's to the account, when it is empty or `isOurs` knows it; makes it first
    /// where it does not exist. One that is the account's already is left as it is.
    static func give(
        _ directory: GuardedDirectory, mode: mode_t, to uid: uid_t, group: gid_t, isOurs: ([String]) -> Bool
    ) throws(Problem) {
        let path = directory.path
        if let status = try directory.status() {
            if status.st_uid == uid { return }
            guard status.st_uid == 0 else {
                throw Problem(
                    .system, "\(path) is in use for something else",
                    detail: "it belongs to user id \(status.st_uid)",
                    hint: "Run pitr as that user, or set PITR_HOME to a new or an empty directory.")
            }
            try directory.requireGuarded()
        }
        let descriptor = try directory.make(mode: mode)
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SystemCommands.failure("cannot look at \(path)", errno)
        }
        let names = entries(of: descriptor)
        guard status.st_uid == 0, names.isEmpty || isOurs(names) else {
            throw Problem(
                .system, "\(path) is in use for something else",
                detail: status.st_uid == 0
                    ? "it holds files that are not this tool's" : "it belongs to user id \(status.st_uid)",
                hint: "Set PITR_HOME to a new or an empty directory.")
        }
        guard fchown(descriptor, uid, group) == 0 else {
            throw SystemCommands.failure("cannot change the owner of \(path)", errno)
        }
    }

    /// Whether a folder with these entries is one of the tool's own homes.
    static func isHome(_ entries: [String]) -> Bool {
        entries.contains("format.json")
    }

    private static func check(_ status: stat, _ path: String, uid: uid_t) throws(Problem) {
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == uid else {
            throw Problem(
                .system, "\(path) cannot be used",
                detail: status.st_uid == uid
                    ? "it is not a directory" : "it belongs to user id \(status.st_uid), not \(uid)",
                hint: status.st_uid == uid
                    ? "Set PITR_HOME to another directory."
                    : "What is in it is that user's: run pitr as that user (as root, if it is the servers' "
                        + "account), or set PITR_HOME to a directory of your own.")
        }
    }

    private static func status(of path: String) throws(Problem) -> stat {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw SystemCommands.failure("cannot look at \(path)", errno)
        }
        return status
    }

    private static func withDirectory(
        _ path: String, _ body: (Int32, stat) throws(Problem) -> Void
    ) throws(Problem) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw SystemCommands.failure("cannot open the directory \(path)", errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SystemCommands.failure("cannot look at \(path)", errno)
        }
        try body(descriptor, status)
    }

    private static func entries(of descriptor: Int32) -> [String] {
        guard let directory = fdopendir(openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else {
            return ["?"]
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
