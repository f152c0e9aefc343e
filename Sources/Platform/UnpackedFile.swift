import CSupport

#if canImport(Glibc)
    import Glibc
#endif

/// How a file is packed, told by its first bytes and never by its name.
public enum Packing: String, Hashable, Sendable, CaseIterable {
    case gzip, zstd, lz4, bzip2, xz

    /// Bytes that tell every packing apart.
    public static let signatureBytes = 6

    /// Nil for bytes that are not packed.
    public init?(beginning bytes: UnsafeRawBufferPointer) {
        func begins(_ signature: [UInt8]) -> Bool { bytes.prefix(signature.count).elementsEqual(signature) }
        // zstd's skippable frames have sixteen signatures.
        let isSkippable =
            bytes.count >= 4 && bytes[0] & 0xF0 == 0x50
            && bytes[1...3].elementsEqual([0x2A, 0x4D, 0x18] as [UInt8])
        if begins([0x1F, 0x8B]) {
            self = .gzip
        } else if begins([0x28, 0xB5, 0x2F, 0xFD]) || isSkippable {
            self = .zstd
        } else if begins([0x04, 0x22, 0x4D, 0x18]) {
            self = .lz4
        } else if begins([0x42, 0x5A, 0x68]) {
            self = .bzip2
        } else if begins([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) {
            self = .xz
        } else {
            return nil
        }
    }

    /// How its program unpacks what comes to it.
    ///
    /// The others hold 128 MiB at most; a file of xz chooses how much memory it takes, up to 4 GiB.
    var unpacking: [String] {
        self == .xz ? ["-d", "-c", "--memlimit-decompress=512MiB"] : ["-d", "-c"]
    }

    /// What is appended to a packed file's name.
    public var suffix: String {
        switch self {
        case .gzip: ".gz"
        case .zstd: ".zst"
        case .lz4: ".lz4"
        case .bzip2: ".bz2"
        case .xz: ".xz"
        }
    }
}

/// A file of somebody else's, read once from its beginning to its end, unpacked on the way by the packer's
/// own program in a process of its own: a packed file is a stranger's, and may be made to harm whoever reads
/// it.
///
/// For one thread. The file is only read; its program ends with this value.
public final class UnpackedFile {
    /// Nil for a file that is read as it is.
    public let packing: Packing?
    private let file: OpenFile
    private var offset: UInt64
    private let unpacker: Unpacker?
    private var child: Child?
    private let cancellation: CancellationFlag

    /// The program while it runs, and what it writes: the content, and what it has to say.
    private struct Child {
        var pid: pid_t
        var output: Int32
        var words: Int32
    }

    /// Throws `.operationNotSupported` where the program that unpacks it is not there.
    ///
    /// - Parameter start: where its content begins, in bytes; nil is where the file stands, which is told by
    ///   its beginning.
    public convenience init(
        _ file: OpenFile, from start: UInt64? = nil, cancellation: CancellationFlag
    ) throws(Problem) {
        try self.init(file, from: start, by: Unpacker.beside, cancellation: cancellation)
    }

    init(
        _ file: OpenFile, from start: UInt64?, by unpacker: (Packing) -> Unpacker,
        cancellation: CancellationFlag
    ) throws(Problem) {
        self.file = file
        self.cancellation = cancellation
        offset = start ?? 0
        let first = RawBuffer(count: Packing.signatureBytes)
        let count = try file.read(into: first.bytes, at: offset)
        packing = Packing(beginning: first[prefix: count])
        self.unpacker = packing.map(unpacker)
        guard let unpacker = self.unpacker else { return }
        if let start, lseek(file.descriptor, off_t(start), SEEK_SET) < 0 {
            throw Problem.system("cannot read", file.path, errno)
        }
        try self.start(unpacker)
    }

    deinit {
        end()
    }

    private func start(_ unpacker: Unpacker) throws(Problem) {
        var pipe = try Pipe()
        defer { pipe.closeWriter() }
        // In memory: nobody reads it before the end, and a pipe that is full would hold the program up.
        let words = pitr_memory_file(nil, 0)
        guard words >= 0 else {
            let code = errno
            pipe.closeAll()
            throw Problem.system("cannot unpack", file.path, code)
        }
        do throws(Problem) {
            let pid = try SystemCommands().spawn(
                unpacker.command, input: file.descriptor, output: pipe.writer, error: words, session: false)
            child = Child(pid: pid, output: pipe.reader, words: words)
        } catch {
            close(words)
            pipe.closeAll()
            throw unpacker.refusal(error, of: file.path)
        }
    }

    /// Fills the buffer; answers fewer bytes only at the end. Throws `.backupDamaged` where the file cannot
    /// be unpacked to its end, and `.system` where its program fails for another reason.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        guard let child else {
            guard packing == nil else { return 0 }
            try cancellation.check()
            let count = try file.read(into: buffer, at: offset)
            offset += UInt64(count)
            return count
        }
        var done = 0
        while done < buffer.count {
            try cancellation.check()
            let count = Glibc.read(child.output, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            if count > 0 {
                done += count
            } else if count == 0 {
                try finish(child)
                break
            } else if errno == EAGAIN {
                var watched = pollfd(fd: child.output, events: Int16(POLLIN), revents: 0)
                poll(&watched, 1, 200)
            } else if errno != EINTR {
                throw Problem.system("cannot unpack", file.path, errno)
            }
        }
        return done
    }

    /// Hands over the content in pieces; `body` answers false to stop.
    public func forEachChunk(
        _ body: (UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        let room = RawBuffer(count: 1 << 20)
        while true {
            let count = try read(into: room.bytes)
            guard count > 0, try body(room[prefix: count]) else { return }
        }
    }

    private func finish(_ child: Child) throws(Problem) {
        var status = SystemCommands.reap(child.pid)
        while status == nil {
            Pause.milliseconds(1)
            status = SystemCommands.reap(child.pid)
        }
        let words = Self.words(child)
        close(child.output)
        close(child.words)
        self.child = nil
        guard let status, status != 0 else { return }
        if let unpacker { throw unpacker.problem(status, words, of: file.path) }
    }

    /// The beginning of what the program said, on one line.
    private static func words(_ child: Child) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 400) { room in
            let count = pread(child.words, room.baseAddress, room.count, 0)
            let text = String(decoding: room[..<max(count, 0)], as: UTF8.self)
            return text.split(whereSeparator: \.isWhitespace).joined(separator: " ").visible()
        }
    }

    private func end() {
        guard let child else { return }
        close(child.output)
        close(child.words)
        kill(child.pid, SIGKILL)
        while waitpid(child.pid, nil, 0) < 0, errno == EINTR {}
    }
}
