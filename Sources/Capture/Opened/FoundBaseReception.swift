import Platform
import PostgresFormat
import Repository

/// A base backup that somebody else made while it passes by: checked piece by piece, and stored where it is
/// to be kept.
///
/// Nothing of it is trusted. What is wrong with it is noted, not thrown, so that all of it is told.
final class FoundBaseReception {
    static let mostManifestBytes = 1 << 29
    private static let mostTextBytes = 1 << 20
    /// What `pg_verifybackup` passes over, too: it changes between a backup and its use.
    private static let unverified: Set<String> = [
        "backup_manifest", "postgresql.auto.conf", "recovery.signal", "standby.signal",
    ]

    /// Small files that say what the backup is, and are read besides being kept.
    private static let told: Set<String> = [
        "PG_VERSION", "backup_label", BackupFiles.controlFile, "tablespace_map", "postmaster.pid",
    ]

    private enum Role {
        case file
        /// Of an incremental backup: compared, and not kept.
        case part
        /// Made of such: kept, and in no manifest.
        case whole
    }

    private struct Current {
        var path: String
        var modified: Int64
        var role: Role
        var size: UInt64 = 0
        var crc = CRC32C()
        var sha: SHA256.Stream?
        var isTold = false
        var isManifest = false
        var stored: StreamedFile?
        var wal: SegmentExaminer?
        var staged: (file: OpenFile, path: String)?
        var bare: String?
    }

    private struct Seen {
        var size: UInt64
        var checksums: [BackupManifest.Checksum]
    }

    /// Where its data are kept; nil only looks.
    private let target: String?
    /// Where WAL that lies within archives is put.
    private let staging: String?
    private let frames: FrameQueue?
    private var expected: [String: BackupManifest.File] = [:]
    private var isManifestKnown = false
    private var current: Current?
    private var manifest: [UInt8] = []
    private(set) var texts: [String: [UInt8]] = [:]
    private var times: [String: Int64] = [:]
    private var seen: [String: Seen] = [:]
    private var names: Set<String> = []
    private(set) var files: [CapturedFile] = []
    private(set) var directories: Set<String> = []
    private(set) var leftOut: Set<String> = []
    private(set) var wal = FoundWAL()
    private(set) var damages: [String] = []
    private(set) var remarks: [String] = []
    /// Whether the manifest had a checksum for each file, of a kind that is looked at.
    private(set) var isWhollyCompared = false
    private var areEarlierCompared = true
    /// `pg_control` of each backup that this one goes on from, and where that lies.
    private(set) var earlierControls: [(path: String, bytes: [UInt8])] = []
    /// Of the files that a copy has.
    private(set) var totalBytes: UInt64 = 0
    private(set) var fileCount = 0

    init(target: (folder: String, frames: FrameQueue)?, staging: String?) {
        self.target = target?.folder
        self.staging = staging
        frames = target?.frames
    }

    /// Reads the manifest that lies beside the data.
    func takeManifest(at path: String) throws(Problem) {
        do throws(Problem) {
            manifest = try DurableFiles.read(path, limit: UInt64(Self.mostManifestBytes))
        } catch {
            throw Problem(.backupDamaged, "'\(path)' cannot be read", detail: error.detail ?? error.message)
        }
        if let parsed = parseManifest() {
            expected = Dictionary(parsed.files.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
            isManifestKnown = true
        }
    }

    private var parsed: BackupManifest?

    private func parseManifest() -> BackupManifest? {
        do {
            parsed = try BackupManifest(checking: manifest)
        } catch {
            damages.append("its backup_manifest cannot be trusted: \(Self.words(error))")
        }
        return parsed
    }

    private static func words(_ error: BackupManifestError) -> String {
        switch error {
        case .json(let error): "\(error)"
        case .unsupportedVersion(let version): "it has version \(version)"
        case .noChecksum: "its last line, with the checksum, is missing"
        case .wrongChecksum: "it does not have the checksum that its last line says"
        case .malformed(let member): "'\(member)' in it is not as it should be"
        case .unsafePath(let path): "the path '\(path)' in it leaves the data directory, or occurs twice"
        }
    }

    // MARK: Pieces

    func take(_ piece: FoundBaseReader.Piece) throws(Problem) {
        switch piece {
        case .directory(let path): try takeDirectory(path)
        case .left(let path): leftOut.insert(String(path.prefix { $0 != "/" }))
        case .file(let path, let modified): try begin(path, modified, .file)
        case .part(let path): try begin(path, 0, .part)
        case .whole(let path, let modified): try begin(path, modified, .whole)
        case .earlier(let path, let reception): takeEarlier(path, reception)
        case .content(let bytes): try take(bytes)
        case .end: try end()
        case .damaged(let words): damages.append(words)
        }
    }

    private func takeDirectory(_ path: String) throws(Problem) {
        guard SourceFiles.belongs(path) else {
            leftOut.insert(String(path.prefix { $0 != "/" }))
            return
        }
        // Of WAL's own folder nothing but the folder is the data directory's.
        try makeDirectory(path.hasPrefix("pg_wal/") ? "pg_wal" : path)
    }

    /// To be called when all has come: what is to be kept is written by then.
    func finishStoring() throws(Problem) { try frames?.finish(&files) }

    private func makeDirectory(_ path: String) throws(Problem) {
        guard !directories.contains(path) else { return }
        guard !names.contains(path) else { throw Self.isBoth(path) }
        if let slash = path.lastIndex(of: "/") { try makeDirectory(String(path[..<slash])) }
        directories.insert(path)
        if let target { try DurableFiles.makeDirectory(target + "/" + path, durable: false) }
    }

    private static func isBoth(_ path: String) -> Problem {
        Problem(.backupDamaged, "the base backup has '\(path)' as a file and as a directory")
    }

    /// What is wrong with one of the backups that this one goes on from is wrong with this one.
    private func takeEarlier(_ path: String, _ earlier: FoundBaseReception) {
        let manifest = earlier.compare()
        let isCompared = manifest != nil && earlier.isWhollyCompared
        areEarlierCompared = areEarlierCompared && isCompared
        // What is cut off of a file would be pages of zeros.
        if manifest == nil, earlier.damages.isEmpty {
            damages.append(
                "in '\(path)' backup_manifest is missing: nothing tells whether its files are whole")
        }
        damages += earlier.damages.map { "in '\(path)' \($0)" }
        remarks += earlier.remarks.map { "of '\(path)': \($0)" }
        earlierControls.append((path, earlier.texts[BackupFiles.controlFile] ?? []))
    }

    private func begin(_ path: String, _ modified: Int64, _ role: Role) throws(Problem) {
        guard role == .part || names.insert(path).inserted else {
            throw Problem(.backupDamaged, "the base backup has '\(path)' twice")
        }
        guard !directories.contains(path) else { throw Self.isBoth(path) }
        var file = Current(path: path, modified: modified, role: role)
        if role == .part {
            if expected[path]?.checksum?.algorithm == .sha256 { file.sha = SHA256.Stream() }
            current = file
            return
        }
        file.isTold = Self.told.contains(path)
        file.isManifest = path == "backup_manifest" && !isManifestKnown && manifest.isEmpty
        if expected[path]?.checksum?.algorithm == .sha256 { file.sha = SHA256.Stream() }
        if path.hasPrefix("pg_wal/") {
            try beginWAL(path, &file)
        } else if SourceFiles.isKept(path) {
            if let slash = path.lastIndex(of: "/") { try makeDirectory(String(path[..<slash])) }
            if let target, let frames {
                file.stored = try StreamedFile(path, modified: modified, in: target, frames)
            }
        } else if !SourceFiles.belongs(path), !["tablespace_map", "backup_manifest"].contains(path) {
            leftOut.insert(String(path.prefix { $0 != "/" }))
        }
        current = file
    }

    private func beginWAL(_ path: String, _ file: inout Current) throws(Problem) {
        try makeDirectory("pg_wal")
        guard let bare = FoundWAL.bareName(String(path.dropFirst("pg_wal/".count))) else { return }
        file.bare = bare
        if FoundWAL.isSegment(bare) {
            file.wal = SegmentExaminer(fileName: bare)
            if let staging {
                try DurableFiles.makeDirectories(staging)
                let place = staging + "/" + bare
                file.staged = (try OpenFile(creating: place), place)
            }
        } else {
            file.isTold = true
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        guard var file = current else { return }
        // One owner, so that nothing is copied.
        current = nil
        if file.isManifest {
            guard manifest.count + bytes.count <= Self.mostManifestBytes else {
                throw Problem(.backupDamaged, "the base backup's manifest is too long")
            }
            manifest.append(contentsOf: bytes)
        }
        if file.isTold {
            guard (texts[file.path]?.count ?? 0) + bytes.count <= Self.mostTextBytes else {
                throw Problem(.backupDamaged, "'\(file.path)' of the base backup is too long")
            }
            texts[file.path, default: []].append(contentsOf: bytes)
        }
        if let stored = file.stored { try stored.write(bytes) }
        try file.staged?.file.write(bytes, at: file.size)
        file.wal?.feed(bytes)
        file.size += UInt64(bytes.count)
        if file.bare == nil {
            file.crc.update(bytes)
            file.sha?.add(bytes)
        }
        current = file
    }

    private func end() throws(Problem) {
        guard var file = current else { return }
        current = nil
        if file.isTold { texts[file.path, default: []].append(contentsOf: []) }
        if let bare = file.bare { return endWAL(file, bare) }
        guard !file.path.hasPrefix("pg_wal/") else { return }
        if file.role != .part { times[file.path] = file.modified }
        if file.role != .part, SourceFiles.isKept(file.path) {
            totalBytes += file.size
            fileCount += 1
        }
        if let stored = file.stored { files.append(try stored.finish()) }
        guard file.role != .whole else { return }
        var checksums = [BackupManifest.Checksum(crc32c: file.crc.value)]
        if let digest = file.sha?.finish(),
            let sum = BackupManifest.Checksum(algorithm: .sha256, bytes: digest)
        {
            checksums.append(sum)
        }
        seen[file.path] = Seen(size: file.size, checksums: checksums)
        if file.isManifest, let parsed = parseManifest() {
            expected = Dictionary(parsed.files.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        }
    }

    private func endWAL(_ file: Current, _ bare: String) {
        guard let examiner = file.wal else {
            let text = texts.removeValue(forKey: file.path) ?? []
            return wal.add(.text(String(decoding: text, as: UTF8.self)), bare, file.path)
        }
        let place = "\(file.path) of the base backup"
        wal.add(examiner.finish(path: file.staged?.path, place: place, isPacked: false), bare, place)
    }

    // MARK: The end

    /// Compares what came with the manifest; answers it, nil where there is none.
    func compare() -> BackupManifest? {
        guard let parsed else {
            if manifest.isEmpty {
                remarks.append(
                    "it has no backup_manifest: nothing tells whether its files are as they were, and when it "
                        + "began is told by the time of backup_label")
            }
            return nil
        }
        var unchecked: Set<String> = []
        for (path, file) in expected.sorted(by: { $0.key < $1.key }) where !isPassedOver(path) {
            guard let found = seen[path] else {
                damages.append("'\(path)' is missing")
                continue
            }
            guard found.size == file.size else {
                damages.append("'\(path)' has \(found.size) bytes, and its manifest says \(file.size)")
                continue
            }
            guard let wanted = file.checksum else {
                unchecked.insert("none")
                continue
            }
            if let same = found.checksums.first(where: { $0.algorithm == wanted.algorithm }) {
                if same != wanted { damages.append("'\(path)' does not have the checksum of its manifest") }
            } else {
                unchecked.insert(wanted.algorithm.rawValue)
            }
        }
        for path in seen.keys.sorted()
        where expected[path] == nil && SourceFiles.isKept(path) && !isPassedOver(path) {
            damages.append("'\(path)' is not in its manifest")
        }
        isWhollyCompared = unchecked.isEmpty && areEarlierCompared
        if !unchecked.isEmpty {
            remarks.append(
                "checksums of the kind \(unchecked.sorted().joined(separator: ", ")) are not looked at: only "
                    + "the files' sizes are; pg_verifybackup does the rest")
        }
        return parsed
    }

    private func isPassedOver(_ path: String) -> Bool {
        Self.unverified.contains(path) || path.hasPrefix("pg_wal/")
    }

    /// When the label was written, on the server's clock; nil where there is no manifest that says so.
    var labelTime: PostgresTimestamp? { expected["backup_label"]?.lastModified }

    /// The same as the file has it, on whatever clock.
    var labelFileTime: PostgresTimestamp {
        PostgresTimestamp(unixSeconds: times["backup_label"] ?? 0)
    }

    func noteDamage(_ words: String) { damages.append(words) }
    func noteRemark(_ words: String) { remarks.append(words) }
}
