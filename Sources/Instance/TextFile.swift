#if canImport(Glibc)
    import Glibc
#endif
import Platform

/// Small text files: configuration, lock files, logs.
enum TextFile {
    /// The file's text, or nil when it is not there or cannot be read.
    static func read(_ path: String, from offset: Int64 = 0, limit: Int = 4 << 20) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        let ended = withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 16) { buffer in
            while bytes.count < limit {
                let count = pread(
                    descriptor, buffer.baseAddress, buffer.count, off_t(offset) + off_t(bytes.count))
                if count == 0 { return true }
                if count < 0 {
                    if errno == EINTR { continue }
                    return false
                }
                bytes.append(contentsOf: buffer[..<count])
            }
            return true
        }
        return ended ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// The file's length in bytes; 0 when it is not there.
    static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Replaces the file as a whole: a reader, and a crash, see the old text or the new one. Its draft has
    /// one name, which the next write takes over: nobody clears a server's folders.
    ///
    /// - Parameter durable: false leaves it to a later flush of the file system.
    static func replace(
        _ path: String, with text: String, mode: mode_t = 0o600, durable: Bool = true
    ) throws(Problem) {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure("cannot write \(temporary)") }
        let written =
            writeAll(text, to: descriptor) && fchmod(descriptor, mode) == 0
            && (!durable || fsync(descriptor) == 0)
        let code = errno
        close(descriptor)
        guard written else {
            unlink(temporary)
            throw failure("cannot write \(temporary)", code)
        }
        guard rename(temporary, path) == 0 else { throw failure("cannot replace \(path)") }
        if durable { try syncDirectory(of: path) }
    }

    private static func writeAll(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let count = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if count < 0 {
                    if errno == EINTR { continue }
                    return false
                }
                done += count
            }
            return true
        }
    }

    static func syncDirectory(of path: String) throws(Problem) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open the directory \(directory)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot make \(path) durable") }
    }

    /// Makes the directory with mode 0700, and its parents; one that exists is left as it is.
    static func makeDirectory(_ path: String) throws(Problem) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure("cannot make the directory \(path)")
        }
        try makeDirectory(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw failure("cannot make the directory \(path)")
        }
    }

    /// The names in a directory, without the two dots, in no order; empty when it cannot be read.
    static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Where a symbolic link points.
    static func linkTarget(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) + 1) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let length = readlink(path, base, Int(PATH_MAX))
            guard length > 0 else { return nil }
            base[length] = 0
            return String(cString: base)
        }
    }

    /// The path without symbolic links; the path itself when it does not exist.
    static func realPath(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    static func failure(_ message: String, _ code: Int32 = errno) -> Problem {
        Problem(.system, message, detail: String(cString: strerror(code)))
    }
}
