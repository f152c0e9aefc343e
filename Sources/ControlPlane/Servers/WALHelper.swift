#if canImport(Glibc)
    import Glibc
#endif
import Notation
import Platform
import PostgresFormat

/// The installed `pitr-wal` that archive commands name: a copy of its own, versioned, needing nothing else.
struct WALHelper {
    let path: String

    /// Installs the helper that lies beside the running `pitr`; the same bytes are installed once.
    ///
    /// - Parameter checking: reads the one that is installed already; otherwise only its size and mode count.
    static func install(into directory: String, checking: Bool = false) throws(Problem) -> WALHelper {
        guard let own = executable() else {
            throw Problem(.system, "cannot tell where the running program lies")
        }
        let source = DurableFiles.parent(of: own) + "/pitr-wal"
        guard let program = try OpenFile(readingIfPresent: source) else {
            throw Problem(
                .system, "the helper pitr-wal is missing", detail: "it should lie at \(source)",
                hint: "Build it with 'swift build --product pitr-wal', or install both programs together.")
        }
        let checksum = try checksum(of: program)
        let name = "pitr-wal-\(ProductVersion.current)-" + hex(checksum)
        let path = directory + "/" + name
        let installed = DurableFiles.status(path)
        let size = try program.size()
        let seemsSound =
            installed?.kind == .file && installed?.size == size && installed?.permissions == 0o700
        if !seemsSound || checking && !isSound(path) {
            try DurableFiles.write(to: path, permissions: 0o700) { (file) throws(Problem) in
                let copied = try pass(program) { (piece, offset) throws(Problem) in
                    try file.write(piece, at: offset)
                }
                guard copied == checksum else {
                    throw Problem(
                        .system, "the helper pitr-wal changed while it was installed",
                        detail: "it lies at \(source)", hint: "Try again when its installation is over.")
                }
            }
        }
        return WALHelper(path: path)
    }

    static func hex(_ checksum: UInt32) -> String {
        Hexadecimal.text(checksum, digits: 8, .lower)
    }

    static func checksum(of file: OpenFile) throws(Problem) -> UInt32 {
        try pass(file) { (_, _) throws(Problem) in }
    }

    /// Hands out the file piece by piece, since it is larger than all else that is in memory; its checksum.
    private static func pass(
        _ file: OpenFile, to take: (UnsafeRawBufferPointer, UInt64) throws(Problem) -> Void
    ) throws(Problem) -> UInt32 {
        var checksum = CRC32C()
        try file.forEachChunk { (piece, offset) throws(Problem) in
            checksum.update(piece)
            try take(piece, offset)
            return true
        }
        return checksum.value
    }

    /// As PostgreSQL runs it: absolute paths only, so it needs nothing of the environment.
    func archiveCommand(repository: String) -> String {
        "'\(path)' push '\(repository)' '%p' '%f'"
    }

    static func executable() -> String? {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = readlink("/proc/self/exe", &buffer, 4096)
        guard count > 0 else { return nil }
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // An upgrade puts a new file in the place of the one that runs: that one is meant from then on.
        let suffix = " (deleted)"
        return path.hasSuffix(suffix) ? String(path.dropLast(suffix.count)) : path
    }
}
