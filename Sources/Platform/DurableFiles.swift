import CSupport

#if canImport(Glibc)
    import Glibc
#endif

/// Files and directories whose changes are on the disk when a call returns, where its name or text says so.
public enum DurableFiles {
    /// Replaces `path` with `bytes` as one step: readers see the old content or the new. Durable on return.
    ///
    /// - Parameters:
    ///   - replacing: false refuses, with `.archiveConflict`, when the path is taken.
    ///   - durable: false leaves it to a later flush of the file system.
    public static func write(
        _ bytes: [UInt8], to path: String, permissions: UInt32 = 0o600, replacing: Bool = true,
        durable: Bool = true
    ) throws(Problem) {
        try write(to: path, permissions: permissions, replacing: replacing, durable: durable) {
            (file) throws(Problem) in try file.write(bytes, at: 0)
        }
    }

    /// As above, with what `fill` writes into the new file; when it throws, nothing has changed.
    public static func write(
        to path: String, permissions: UInt32 = 0o600, replacing: Bool = true, durable: Bool = true,
        _ fill: (OpenFile) throws(Problem) -> Void
    ) throws(Problem) {
        let temporary = temporaryPath(beside: path)
        let file = try OpenFile(creating: temporary, permissions: permissions)
        do throws(Problem) {
            try fill(file)
            if durable { try file.sync() }
            if replacing {
                try rename(temporary, to: path)
            } else if try !renameIfFree(temporary, to: path) {
                throw Problem(.archiveConflict, "'\(path)' exists already")
            }
        } catch {
            unlink(temporary)
            throw error
        }
        if durable { try syncDirectory(parent(of: path)) }
    }

    /// Reads a whole file; a file above `limit` bytes is refused as damaged rather than read.
    public static func read(_ path: String, limit: UInt64 = 1 << 28) throws(Problem) -> [UInt8] {
        try contents(of: OpenFile(reading: path), limit: limit)
    }

    /// Reads a whole file; nil when there is none.
    public static func readIfPresent(_ path: String, limit: UInt64 = 1 << 28) throws(Problem) -> [UInt8]? {
        guard let file = try OpenFile(readingIfPresent: path) else { return nil }
        return try contents(of: file, limit: limit)
    }

    /// As `read`, of a file that is open.
    public static func contents(of file: OpenFile, limit: UInt64 = 1 << 28) throws(Problem) -> [UInt8] {
        let size = try file.size()
        guard size <= limit else {
            throw Problem(.stateDamaged, "'\(file.path)' is \(size) bytes large, at most \(limit) expected")
        }
        guard size == 0 else { return try part(of: file, at: 0, upTo: size) }
        // Files of /proc have content of any length, but no size: what is there tells only reading on.
        var bytes: [UInt8] = []
        var room = min(limit, 1 << 16)
        while room > 0 {
            let more = try part(of: file, at: UInt64(bytes.count), upTo: room)
            bytes += more
            guard more.count == Int(room) else { break }
            room = min(limit - UInt64(bytes.count), UInt64(bytes.count))
        }
        return bytes
    }

    private static func part(
        of file: OpenFile, at offset: UInt64, upTo count: UInt64
    ) throws(Problem) -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: Int(count)) { (buffer, read) throws(Problem) in
            read = try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
        }
    }

    /// Makes one directory, durably unless told otherwise. Answers false when it is there already.
    @discardableResult
    public static func makeDirectory(
        _ path: String, permissions: UInt32 = 0o700, durable: Bool = true
    ) throws(Problem) -> Bool {
        if status(path) == nil { ChangeFaults.willChange() }
        if mkdir(path, permissions) == 0 {
            if durable { try syncDirectory(parent(of: path)) }
            return true
        }
        guard errno == EEXIST, status(path)?.kind == .directory else {
            throw Problem.system("cannot create the directory", path, errno)
        }
        return false
    }

    /// Makes a directory and every missing one above it, durably unless told otherwise.
    public static func makeDirectories(
        _ path: String, permissions: UInt32 = 0o700, durable: Bool = true
    ) throws(Problem) {
        if status(path)?.kind == .directory { return }
        let above = parent(of: path)
        if above != path { try makeDirectories(above, permissions: permissions, durable: durable) }
        try makeDirectory(path, permissions: permissions, durable: durable)
    }

    /// Returns once the names in a directory are on the disk.
    public static func syncDirectory(_ path: String) throws(Problem) {
        let descriptor = try OpenFile.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Problem.system("cannot flush the directory", path, errno) }
    }

    /// Renames over whatever is there; the directory is not flushed.
    public static func rename(_ from: String, to: String) throws(Problem) {
        ChangeFaults.willChange()
        guard Glibc.rename(from, to) == 0 else {
            throw Problem.system("cannot rename '\(from)' to", to, errno)
        }
    }

    /// Renames unless `to` exists, then answers false. The directory is not flushed.
    public static func renameIfFree(_ from: String, to: String) throws(Problem) -> Bool {
        ChangeFaults.willChange()
        switch pitr_rename_no_replace(from, to) {
        case 0: return true
        case EEXIST: return false
        case EINVAL, ENOSYS: break
        case let failure: throw Problem.system("cannot rename '\(from)' to", to, failure)
        }
        // A file system without that flag: a hard link never replaces either.
        guard link(from, to) == 0 else {
            if errno == EEXIST { return false }
            throw Problem.system("cannot link '\(from)' to", to, errno)
        }
        unlink(from)
        return true
    }

    /// Removes a file; no error when there is none. Answers whether there was one.
    @discardableResult
    public static func removeFile(_ path: String) throws(Problem) -> Bool {
        if status(path) != nil { ChangeFaults.willChange() }
        if unlink(path) == 0 { return true }
        if errno == ENOENT { return false }
        throw Problem.system("cannot remove", path, errno)
    }

    /// Removes a directory and all in it, not following symbolic links; no error when there is none.
    public static func removeTree(_ path: String) throws(Problem) {
        guard let found = status(path) else { return }
        guard found.kind == .directory else {
            try removeFile(path)
            return
        }
        for name in try list(path) {
            try removeTree(path + "/" + name)
        }
        if rmdir(path) != 0, errno != ENOENT { throw Problem.system("cannot remove", path, errno) }
    }

    /// The names in a directory, sorted, without `.` and `..`.
    public static func list(_ path: String) throws(Problem) -> [String] {
        guard let stream = opendir(path) else { throw Problem.system("cannot list", path, errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw Problem.system("cannot list", path, errno) }
                break
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix(while: { $0 != 0 }), as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The names in a directory, sorted; empty when there is no such directory.
    public static func listIfPresent(_ path: String) throws(Problem) -> [String] {
        status(path) == nil ? [] : try list(path)
    }

    /// What is at `path`, not following a symbolic link; nil when there is nothing or it cannot be seen.
    public static func status(_ path: String) -> FileStatus? {
        var raw = stat()
        guard lstat(path, &raw) == 0 else { return nil }
        return FileStatus(raw)
    }

    /// Whether there is something at `path`, following symbolic links.
    public static func exists(_ path: String) -> Bool {
        var raw = stat()
        return stat(path, &raw) == 0
    }

    /// Whether this process may read a file, or list a directory and open what is in it.
    public static func isReadable(_ path: String) -> Bool {
        let wanted = status(path)?.kind == .directory ? R_OK | X_OK : R_OK
        return faccessat(AT_FDCWD, path, wanted, AT_EACCESS) == 0
    }

    /// Where a symbolic link leads, as it was made; nil when it is none or cannot be read.
    public static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return count > 0
            ? String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    /// Bytes that an ordinary process can still write on the file system of `path`.
    public static func freeBytes(_ path: String) throws(Problem) -> UInt64 {
        var bytes: UInt64 = 0
        let failure = pitr_free_bytes(path, &bytes)
        if failure != 0 { throw Problem.system("cannot examine the file system of", path, failure) }
        return bytes
    }

    /// Bytes of the file system of `path`, taken or free.
    public static func totalBytes(_ path: String) throws(Problem) -> UInt64 {
        var bytes: UInt64 = 0
        let failure = pitr_total_bytes(path, &bytes)
        if failure != 0 { throw Problem.system("cannot examine the file system of", path, failure) }
        return bytes
    }

    /// The file system that `path` is on, following symbolic links; nil when there is nothing.
    public static func device(of path: String) -> UInt64? {
        var raw = stat()
        return stat(path, &raw) == 0 ? UInt64(raw.st_dev) : nil
    }

    /// Everything before the last slash; `/` and `.` as dirname has them.
    public static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A name that no other process or thread uses, in the same directory.
    public static func temporaryPath(beside path: String) -> String {
        path + ".\(getpid())-\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).tmp"
    }

    /// The process that made a file of such a name; nil for other names.
    public static func temporaryWriter(of name: String) -> Int32? {
        guard let match = name.wholeMatch(of: /.+\.([0-9]+)-[0-9a-z]+\.tmp/) else { return nil }
        return Int32(match.output.1)
    }

    /// Removes a directory that has nothing in it, and leaves any other.
    public static func removeIfEmpty(_ path: String) {
        rmdir(path)
    }
}
