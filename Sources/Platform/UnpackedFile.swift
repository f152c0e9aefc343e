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
    private var child: (pid: pid_t, output: Int32)?
    private let cancellation: CancellationFlag

    /// Throws `.operationNotSupported` where the program that unpacks it is not there.
    ///
    /// - Parameter start: where its content begins, in bytes; nil is where the file stands, which is told by
    ///   its beginning.
    public init(
        _ file: OpenFile, from start: UInt64? = nil, cancellation: CancellationFlag
    ) throws(Problem) {
        self.file = file
        self.cancellation = cancellation
        offset = start ?? 0
        let first = RawBuffer(count: Packing.signatureBytes)
        let count = try file.read(into: first.bytes, at: offset)
        packing = Packing(beginning: first[prefix: count])
        guard let packing else { return }
        if let start, lseek(file.descriptor, off_t(start), SEEK_SET) < 0 {
            throw Problem.system("cannot read", file.path, errno)
        }
        try self.start(packing)
    }

    deinit {
        end()
    }

    /// The helper that lies beside this program unpacks what gzip packed faster than gzip does.
    private static let helper: String? = {
        guard let own = DurableFiles.linkTarget("/proc/self/exe") else { return nil }
        let helper = DurableFiles.parent(of: own) + "/pitr-wal"
        return access(helper, X_OK) == 0 ? helper : nil
    }()

    private static func command(_ packing: Packing) -> Command {
        if packing == .gzip, let helper { return Command(helper, ["unpack"]) }
        return Command(packing.rawValue, packing.unpacking)
    }

    private func start(_ packing: Packing) throws(Problem) {
        var pipe = try Pipe()
        let none = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer {
            pipe.closeWriter()
            if none >= 0 { close(none) }
        }
        let command = Self.command(packing)
        do throws(Problem) {
            let pid = try SystemCommands().spawn(
                command, input: file.descriptor, output: pipe.writer, error: none, session: false)
            child = (pid, pipe.reader)
        } catch {
            pipe.closeAll()
            throw Problem(
                .operationNotSupported, "'\(file.path)' is packed with \(packing.rawValue)",
                detail: error.detail ?? error.message,
                hint: "Install \(packing.rawValue), or unpack the file somewhere else and open that.")
        }
    }

    /// Fills the buffer; answers fewer bytes only at the end. Throws `.backupDamaged` where the file cannot
    /// be unpacked to its end.
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
                try finish(child.pid)
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

    private func finish(_ pid: pid_t) throws(Problem) {
        var status = SystemCommands.reap(pid)
        while status == nil {
            Pause.milliseconds(1)
            status = SystemCommands.reap(pid)
        }
        if let child { close(child.output) }
        child = nil
        guard status == 0 else {
            throw Problem(
                .backupDamaged, "'\(file.path)' cannot be unpacked",
                detail: "\(packing?.rawValue ?? "its program") ended with exit status \(status ?? 0)")
        }
    }

    private func end() {
        guard let child else { return }
        close(child.output)
        kill(child.pid, SIGKILL)
        while waitpid(child.pid, nil, 0) < 0, errno == EINTR {}
    }
}
