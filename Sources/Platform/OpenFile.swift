import CSupport

#if canImport(Glibc)
    import Glibc
#endif

/// An open file: positioned reads and writes, closed when the last reference goes.
///
/// Safe to use from several threads at once, as it has no position of its own.
public final class OpenFile: Sendable {
    public let descriptor: Int32
    /// The path it was opened by, for messages.
    public let path: String

    public init(reading path: String) throws(Problem) {
        descriptor = try Self.open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
    }

    /// Opens a file that must not be there yet.
    public init(creating path: String, permissions: UInt32 = 0o600) throws(Problem) {
        descriptor = try Self.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
        self.path = path
    }

    /// Opens a file that is there, for reading and writing.
    public init(updating path: String) throws(Problem) {
        descriptor = try Self.open(path, O_RDWR | O_CLOEXEC)
        self.path = path
    }

    /// Opens a file for reading; nil when there is none.
    public init?(readingIfPresent path: String) throws(Problem) {
        let opened = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        if opened < 0 {
            if errno == ENOENT { return nil }
            throw Problem.system("cannot open", path, errno)
        }
        descriptor = opened
        self.path = path
    }

    /// A file that has no name and is in memory, of these bytes.
    ///
    /// - Parameter path: what it is called in messages.
    public init(holding bytes: [UInt8], as path: String) throws(Problem) {
        descriptor = bytes.withUnsafeBytes { pitr_memory_file($0.baseAddress, $0.count) }
        self.path = path
        if descriptor < 0 { throw Problem.system("cannot hold in memory", path, errno) }
    }

    deinit {
        Glibc.close(descriptor)
    }

    static func open(_ path: String, _ flags: Int32, _ permissions: UInt32 = 0) throws(Problem) -> Int32 {
        while true {
            let opened = Glibc.open(path, flags, permissions)
            if opened >= 0 { return opened }
            if errno != EINTR { throw Problem.system("cannot open", path, errno) }
        }
    }

    /// In bytes.
    public func size() throws(Problem) -> UInt64 {
        try status().size
    }

    public func status() throws(Problem) -> FileStatus {
        var raw = stat()
        guard fstat(descriptor, &raw) == 0 else { throw Problem.system("cannot examine", path, errno) }
        return FileStatus(raw)
    }

    /// Fills `buffer` from `offset` on; answers the bytes read, fewer only at the end of the file.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(Problem) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let got = pread(descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw Problem.system("cannot read", path, errno)
            }
            done += got
        }
        return done
    }

    /// Writes all of `buffer` at `offset`.
    public func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws(Problem) {
        guard let base = buffer.baseAddress else { return }
        var done = 0
        while done < buffer.count {
            let put = pwrite(descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
            if put < 0 {
                if errno == EINTR { continue }
                throw Problem.system("cannot write", path, errno)
            }
            done += put
        }
    }

    public func write(_ bytes: [UInt8], at offset: UInt64) throws(Problem) {
        try bytes.span.bytes.withUnsafeBytes { (buffer) throws(Problem) in try write(buffer, at: offset) }
    }

    /// Cuts the file, or extends it with zeros that take no space.
    public func truncate(to size: UInt64) throws(Problem) {
        guard ftruncate(descriptor, off_t(size)) == 0 else {
            throw Problem.system("cannot set the size of", path, errno)
        }
    }

    /// Returns once content and size are on the disk.
    public func sync() throws(Problem) {
        guard fsync(descriptor) == 0 else { throw Problem.system("cannot flush", path, errno) }
    }

    /// Returns once the content, and as much metadata as is needed to read it, is on the disk.
    public func syncData() throws(Problem) {
        guard fdatasync(descriptor) == 0 else { throw Problem.system("cannot flush", path, errno) }
    }

    /// Lets the kernel begin to write a range; a hint, so a refusal is no error. `length` 0 is: to the end.
    public func startWriteback(at offset: UInt64, length: UInt64) {
        _ = pitr_start_writeback(descriptor, Int64(offset), Int64(length))
    }

    /// Tells the kernel that the file is read once, from beginning to end.
    public func willReadSequentially() {
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }
}
