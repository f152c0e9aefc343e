import Platform
import PostgresFormat
import Repository

#if canImport(Glibc)
    import Glibc
#endif

/// Puts files whose whole content is at hand into a backup.
struct SmallFileStore {
    private let layout: RepositoryLayout
    private let target: String
    private let storage: BackupDescriptor.Storage

    /// - Parameter target: the backup's `data` folder.
    init(_ layout: RepositoryLayout, target: String, storage: BackupDescriptor.Storage) {
        self.layout = layout
        self.target = target
        self.storage = storage
    }

    /// - Parameter modified: seconds since 1970, for the manifest.
    func store(_ content: [UInt8], as path: String, modified: Int64) throws(Problem)
        -> CapturedFile
    {
        var stored = content
        var name = path
        if storage == .zstd {
            name += RepositoryLayout.compressedSuffix
            stored = try layout.encoder().file(content)
        }
        try DurableFiles.write(stored, to: target + "/" + name, replacing: false, durable: false)
        return CapturedFile(
            path: path, size: UInt64(content.count), storedBytes: UInt64(stored.count), modified: modified,
            crc: CRC32C.checksum(content))
    }

    private static let attempts = 10
    private static let pauseMicroseconds: UInt32 = 1000

    /// Stores `pg_control`. The server rewrites it in place: a copy whose checksum is wrong was read
    /// meanwhile.
    func storeControlFile(of dataDirectory: String) throws(Problem) -> CapturedFile {
        let path = dataDirectory + "/" + BackupFiles.controlFile
        var content = try DurableFiles.read(path)
        for _ in 1..<Self.attempts where !Self.isWhole(content) {
            usleep(Self.pauseMicroseconds)
            content = try DurableFiles.read(path)
        }
        guard Self.isWhole(content) else {
            throw Problem(
                .backupDamaged, "the server's own file '\(BackupFiles.controlFile)' is damaged",
                detail: "its checksum is wrong")
        }
        let modified = DurableFiles.status(path)?.modified ?? 0
        return try store(content, as: BackupFiles.controlFile, modified: modified)
    }

    /// Another major version's file cannot be judged here, and passes.
    private static func isWhole(_ content: [UInt8]) -> Bool {
        do throws(ControlFile.Failure) {
            _ = try ControlFile(parsing: content)
            return true
        } catch {
            return error != .wrongChecksum && error != .tooShort
        }
    }
}
