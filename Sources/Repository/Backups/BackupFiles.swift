import Notation
public import Platform
public import PostgresFormat

/// The files of one base backup: laid out for a copy, or read for a check.
///
/// The chain of trust: `backup.json` checks itself and names the manifest's checksum, the manifest names size
/// and checksum of every file. Whatever breaks it is `.backupDamaged`, and the problem says which file.
public enum BackupFiles {
    /// What was read and found right.
    public struct Report: Hashable, Sendable {
        public let files: Int
        /// As they are in a data directory.
        public let bytes: UInt64
    }

    /// Looks at a piece of a file's content besides its checksum: the path in the data directory, the piece,
    /// and its offset in the file. Called from several threads.
    public typealias Examiner =
        @Sendable (String, UnsafeRawBufferPointer, UInt64) throws(Problem) -> Void

    /// The file that goes into place last, by whoever lays out a copy.
    public static let controlFile = "global/pg_control"

    /// Directories a server needs, empty, although nothing in them is ever backed up.
    static let neededDirectories = [
        "base", "global", "pg_commit_ts", "pg_dynshmem", "pg_logical", "pg_logical/mappings",
        "pg_logical/snapshots", "pg_multixact", "pg_multixact/members", "pg_multixact/offsets", "pg_notify",
        "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat", "pg_stat_tmp", "pg_subtrans", "pg_tblspc",
        "pg_twophase", "pg_wal", "pg_wal/archive_status", "pg_xact",
    ]

    /// Writes a backup's files into a data directory, each checked against the manifest while it is written.
    ///
    /// Files are cloned where they are kept plain and the file system can. Nothing is flushed, but the disk
    /// has begun to write on return: one flush of the file system must follow. A failure leaves files behind,
    /// but never `global/pg_control`.
    ///
    /// - Parameters:
    ///   - dataDirectory: exists, or its parent does; holds none of the files yet.
    ///   - controlFileTo: where `pg_control` is put instead of its place.
    ///   - partial: what to leave out of relations' files; nil for nothing. A file of which nothing is wanted
    ///     is not read, and so not checked either.
    public static func layOut(
        _ backup: BackupDescriptor, in layout: RepositoryLayout, into dataDirectory: String,
        controlFileTo: String, partial: PartialLayout? = nil, workers: Int = 2,
        progress: any ProgressReporter = SilentProgress(),
        cancellation: CancellationFlag = CancellationFlag()
    ) throws(Problem) -> Report {
        var files = try expectedFiles(backup, layout)
        if DurableFiles.status(dataDirectory) == nil { try DurableFiles.makeDirectory(dataDirectory) }
        for directory in Set(backup.directories + neededDirectories).sorted() {
            try DurableFiles.makeDirectory(dataDirectory + "/" + directory, durable: false)
        }
        if let partial { try leaveOut(&files, partial, dataDirectory, progress) }
        let writeback = WritebackQueue()
        do throws(Problem) {
            return try read(files, backup, layout, writeback, workers, progress, cancellation) { path in
                path == controlFile ? controlFileTo : dataDirectory + "/" + path
            }
        } catch {
            writeback.discard()
            throw error
        }
    }

    /// Takes out what nothing is wanted of, and makes files of the same size for it, which take no room.
    private static func leaveOut(
        _ files: inout [BackupFileJob.Expected], _ partial: PartialLayout, _ dataDirectory: String,
        _ progress: any ProgressReporter
    ) throws(Problem) {
        var kept: [BackupFileJob.Expected] = []
        for var file in files {
            file.ranges = partial.ranges(of: file.path)
            guard let ranges = file.ranges, ranges.isEmpty else {
                kept.append(file)
                continue
            }
            try OpenFile(creating: dataDirectory + "/" + file.path).truncate(to: file.size)
            progress.advance(bytes: file.size)
        }
        files = kept
    }

    /// The two-phase transactions whose state is among a backup's files: PostgreSQL names each file after
    /// one, in hexadecimal digits.
    public static func preparedTransactions(of backup: BackupDescriptor, in layout: RepositoryLayout)
        -> [TransactionID]
    {
        preparedFiles(of: backup.name, in: layout).compactMap { name in
            UInt64(name.prefix { $0 != "." }, radix: 16).map { TransactionID(UInt32(truncatingIfNeeded: $0)) }
        }.sorted { $0.rawValue < $1.rawValue }
    }

    /// Their names, as far as the folder can be listed.
    static func preparedFiles(of name: String, in layout: RepositoryLayout) -> [String] {
        (try? DurableFiles.listIfPresent(prepared(layout.backup(name)))) ?? []
    }

    /// What the same files say, as far as they can be read.
    public static func preparedStates(of backup: BackupDescriptor, in layout: RepositoryLayout)
        -> [PreparedTransactionState]
    {
        guard let version = WALVersion(serverVersion: backup.postgresVersion) else { return [] }
        return preparedFiles(of: backup.name, in: layout).compactMap { name in
            let path = "pg_twophase/" + name.prefix { $0 != "." }
            guard let bytes = try? content(of: path, in: backup, layout) else { return nil }
            return PreparedTransactionState(file: bytes, version: version)
        }
    }

    /// The content of one small file of a backup, at most a megabyte, checked against the manifest.
    public static func content(
        of path: String, in backup: BackupDescriptor, _ layout: RepositoryLayout
    ) throws(Problem) -> [UInt8] {
        let suffix = backup.storage == .zstd ? RepositoryLayout.compressedSuffix : ""
        let stored = data(layout.backup(backup.name)) + "/" + path + suffix
        guard let file = try manifest(backup, in: layout).files.first(where: { $0.path == path }),
            file.size <= 1 << 20
        else { throw damaged(path, "it is not in the manifest", stored: stored) }
        var bytes: [UInt8] = []
        if backup.storage == .plain {
            bytes = try DurableFiles.read(stored)
        } else {
            var reader = try layout.reader(try OpenFile(reading: stored))
            var isAtEnd = false
            while !isAtEnd, UInt64(bytes.count) <= file.size {
                switch try reader.next({ (content) throws(Problem) in bytes += Array(content) }) {
                case .success(let more): isAtEnd = !more
                case .failure(let damage): throw damaged(path, damage.description, stored: stored)
                }
            }
        }
        guard UInt64(bytes.count) == file.size, CRC32C.checksum(bytes) == file.checksum?.crc32c else {
            throw damaged(path, "it is not as the manifest says", stored: stored)
        }
        return bytes
    }

    /// Reads every file and compares it with the manifest; writes nothing.
    public static func verify(
        _ backup: BackupDescriptor, in layout: RepositoryLayout, workers: Int = 2,
        examine: Examiner? = nil, progress: any ProgressReporter = SilentProgress(),
        cancellation: CancellationFlag = CancellationFlag()
    ) throws(Problem) -> Report {
        let files = try expectedFiles(backup, layout)
        return try read(files, backup, layout, nil, workers, progress, cancellation, examine: examine) { _ in
            nil
        }
    }

    /// The manifest PostgreSQL's own tools read, checked.
    public static func manifest(
        _ backup: BackupDescriptor, in layout: RepositoryLayout
    ) throws(Problem) -> BackupManifest {
        let path = manifestFile(layout.backup(backup.name))
        let read = try reading("backup_manifest", stored: path) { () throws(Problem) in
            try FileMemory.value(
                of: path, keptIn: layout.memory?.manifests,
                weight: { read, size in read.isSound ? size : nil }
            ) { (file) throws(Problem) in ReadManifest(try DurableFiles.contents(of: file)) }
        }
        guard let read else { throw damaged("backup_manifest", "it is missing", stored: path) }
        guard read.crc32c == backup.manifestCRC32C else {
            throw damaged("backup_manifest", "its CRC-32C is not the one in backup.json", stored: path)
        }
        switch read.manifest {
        case .success(let manifest): return manifest
        case .failure(let error): throw damaged("backup_manifest", "\(error)", stored: path)
        }
    }

    public static func descriptor(_ folder: String) -> String { folder + "/backup.json" }
    public static func manifestFile(_ folder: String) -> String { folder + "/backup_manifest" }
    public static func data(_ folder: String) -> String { folder + "/data" }
    static func prepared(_ folder: String) -> String { data(folder) + "/pg_twophase" }

    static func damaged(_ path: String, _ reason: String, stored: String) -> Problem {
        Problem(
            .backupDamaged, "file '\(path)' of the backup is damaged: \(reason)", detail: "'\(stored)'",
            hint: "Choose another backup; 'pitr backup list' shows them.")
    }

    /// Runs a step that only reads: what the system refuses then is damage of the backup.
    static func reading<Value>(
        _ path: String, stored: String, _ body: () throws(Problem) -> Value
    ) throws(Problem) -> Value {
        do throws(Problem) {
            return try body()
        } catch {
            guard error.code == .system else { throw error }
            throw damaged(path, "it cannot be read: \(error.detail ?? error.message)", stored: stored)
        }
    }

    /// Reads the manifest and compares the names in it with the files there are.
    private static func expectedFiles(
        _ backup: BackupDescriptor, _ layout: RepositoryLayout
    ) throws(Problem) -> [BackupFileJob.Expected] {
        let folder = data(layout.backup(backup.name))
        var files: [BackupFileJob.Expected] = []
        for file in try manifest(backup, in: layout).files {
            guard let crc = file.checksum?.crc32c else {
                throw damaged(
                    "backup_manifest", "it has no CRC-32C of '\(file.path)'", stored: manifestFile(folder))
            }
            files.append(BackupFileJob.Expected(path: file.path, size: file.size, crc: crc))
        }
        let suffix = backup.storage == .zstd ? RepositoryLayout.compressedSuffix : ""
        var wanted = Set(files.map { $0.path + suffix })
        let there = try reading("data", stored: folder) { () throws(Problem) in try StoredTree.files(folder) }
        for path in there where wanted.remove(path) == nil {
            throw damaged(path, "it is not in the manifest", stored: folder + "/" + path)
        }
        if let missing = wanted.min() {
            throw damaged(
                String(missing.dropLast(suffix.count)), "it is missing", stored: folder + "/" + missing)
        }
        return files.sorted { ($0.size, $1.path) > ($1.size, $0.path) }
    }

    private static func read(
        _ files: [BackupFileJob.Expected], _ backup: BackupDescriptor, _ layout: RepositoryLayout,
        _ writeback: WritebackQueue?, _ workers: Int, _ progress: any ProgressReporter,
        _ cancellation: CancellationFlag, examine: Examiner? = nil, target: (String) -> String?
    ) throws(Problem) -> Report {
        let folder = data(layout.backup(backup.name))
        let suffix = backup.storage == .zstd ? RepositoryLayout.compressedSuffix : ""
        let jobs = files.map { file in
            BackupFileJob(
                file, stored: folder + "/" + file.path + suffix, target: target(file.path),
                storage: backup.storage, writeback: writeback, progress: progress, examine: examine)
        }
        try ChunkedJobs.run(jobs, workers: workers, cancellation: cancellation) {
            () throws(Problem) in try BackupFileJob.Scratch(layout)
        }
        return Report(files: files.count, bytes: files.reduce(0) { $0 + $1.size })
    }
}

/// The files below a folder, as paths relative to it.
enum StoredTree {
    static func files(_ root: String) throws(Problem) -> [String] {
        var found: [String] = []
        try add(root, "", &found)
        return found
    }

    private static func add(_ root: String, _ below: String, _ found: inout [String]) throws(Problem) {
        for name in try DurableFiles.listIfPresent(below.isEmpty ? root : root + "/" + below) {
            let path = below.isEmpty ? name : below + "/" + name
            if DurableFiles.status(root + "/" + path)?.kind == .directory {
                try add(root, path, &found)
            } else {
                found.append(path)
            }
        }
    }
}

/// A manifest as its file has it, whatever backup it is read for.
struct ReadManifest: Sendable {
    let crc32c: UInt32
    let manifest: Result<BackupManifest, BackupManifestError>

    init(_ bytes: [UInt8]) {
        crc32c = CRC32C.checksum(bytes)
        manifest = Result { () throws(BackupManifestError) in try BackupManifest(checking: bytes) }
    }

    var isSound: Bool { if case .success = manifest { true } else { false } }
}
