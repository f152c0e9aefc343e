import Platform
import PostgresClient
import PostgresFormat
import Repository

/// A base backup while it is being received: what came, checked piece by piece, and stored.
///
/// The source is not trusted. An archive that leaves the data directory is refused, and so is a backup whose
/// files are not exactly those of its manifest.
final class BackupReception {
    struct Received {
        var start: LSN
        var stop: LSN
        var timeline: TimelineID
        var label: BackupLabel
        var files: [CapturedFile]
        /// Parents first.
        var directories: [String]
        var tablespaces: [BackupTablespace]
        /// Left out on purpose, in words.
        var leftOut: [String]
        var catalogs: SourceCatalogs
    }

    /// More than the manifest of a million relations.
    private static let mostManifestBytes = 1 << 29
    private static let mostLabelBytes = 1 << 16
    /// More WAL than any server writes while it is copied: 16 TiB.
    private static let mostWALBytes: UInt64 = 1 << 44

    private enum Part {
        case nothing
        case archive(prefix: String)
        case manifest
    }

    private let target: String
    private let progress: any ProgressReporter
    private let frames: FrameQueue
    private var part = Part.nothing
    private var tar = TarStream()
    private var open: StreamedFile?
    private var isLabel = false
    private var catalogs: SourceCatalogs
    /// The file that comes just now, where the catalogs want it.
    private var toldOf: String?
    private var label: [UInt8] = []
    private var manifest: [UInt8] = []
    private var files: [CapturedFile] = []
    private var names: Set<String> = []
    private var directories: Set<String> = []
    private var tablespaces: [BackupTablespace] = []
    private var leftOut: Set<String> = []
    private var start: (lsn: LSN, timeline: TimelineID)?
    private var stop: (lsn: LSN, timeline: TimelineID)?
    private var told: UInt64 = 0

    /// - Parameters:
    ///   - target: the backup's `data` folder, which is there and empty.
    ///   - encoder: of the repository that it is in; for nobody else from now on.
    init(
        target: String, _ encoder: FrameEncoder, _ version: WALVersion, progress: any ProgressReporter
    ) throws(Problem) {
        self.target = target
        frames = try FrameQueue(encoder)
        catalogs = SourceCatalogs(version)
        self.progress = progress
    }

    func take(_ message: BaseBackupMessage) throws(Problem) {
        switch message {
        case .started(let lsn, let timeline): start = (lsn, timeline)
        case .archive(let name, let location): try beginArchive(name, location)
        case .manifest:
            try endPart()
            part = .manifest
        case .content(let bytes): try take(bytes)
        case .progress(let bytes):
            if bytes > told { progress.advance(bytes: bytes - told) }
            told = max(told, bytes)
        case .ended(let lsn, let timeline):
            try endPart()
            stop = (lsn, timeline)
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        switch part {
        case .nothing: throw Self.refused("data belong to no archive")
        case .manifest:
            guard manifest.count + bytes.count <= Self.mostManifestBytes else {
                throw Self.refused("its manifest is too long")
            }
            manifest.append(contentsOf: bytes)
        case .archive(let prefix):
            do {
                try tar.feed(bytes) { try take($0, prefix) }
            } catch let refusal as TarRefusal {
                throw Self.refused(refusal.words)
            } catch {
                throw error as? Problem ?? Problem(.system, "\(error)")
            }
        }
    }

    // MARK: Archives

    private func beginArchive(_ name: String, _ location: String) throws(Problem) {
        try endPart()
        tar = TarStream()
        guard name != "base.tar" else {
            part = .archive(prefix: "")
            return
        }
        guard name.hasSuffix(".tar"), let number = UInt32(name.dropLast(4)), number >= 16_384,
            !tablespaces.contains(where: { $0.number == number })
        else { throw Self.refused("'\(name)' is the name of no archive") }
        tablespaces.append(BackupTablespace(number: number, location: location))
        part = .archive(prefix: "pg_tblspc/\(number)/")
        try makeDirectory("pg_tblspc/\(number)")
    }

    private func endPart() throws(Problem) {
        if case .archive = part {
            do throws(TarRefusal) {
                try tar.finish()
            } catch {
                throw Self.refused(error.words)
            }
        }
        part = .nothing
    }

    private func take(_ piece: TarStream.Piece, _ prefix: String) throws(Problem) {
        switch piece {
        case .member(let member): try begin(member, prefix + member.path)
        case .content(let bytes):
            if isLabel {
                guard label.count + bytes.count <= Self.mostLabelBytes else {
                    throw Self.refused("its backup_label is too long")
                }
                label.append(contentsOf: bytes)
            }
            if let toldOf { catalogs.take(bytes, of: toldOf) }
            try open?.write(bytes)
        case .memberEnd:
            if let open { files.append(try open.finish()) }
            (open, isLabel, toldOf) = (nil, false, nil)
        }
    }

    private func begin(_ member: TarMember, _ path: String) throws(Problem) {
        switch member.kind {
        case .tablespaceLink: try makeDirectory(path)
        case .directory:
            guard SourceFiles.belongs(path) else { return leave(path) }
            try makeDirectory(path)
        case .file:
            guard names.insert(path).inserted else { throw Self.refused("it has '\(path)' twice") }
            toldOf = SourceCatalogs.wants(path) ? path : nil
            guard SourceFiles.belongs(path) else { return leave(path) }
            if let slash = path.lastIndex(of: "/") { try makeDirectory(String(path[..<slash])) }
            isLabel = path == "backup_label"
            open = try StreamedFile(path, modified: member.modified, in: target, frames)
        }
    }

    private func leave(_ path: String) {
        // The map is PostgreSQL's, and with it a copy would be linked to the source's directories.
        guard path != "tablespace_map" else { return }
        leftOut.insert(String(path.prefix { $0 != "/" }))
    }

    private func makeDirectory(_ path: String) throws(Problem) {
        guard !directories.contains(path) else { return }
        if let slash = path.lastIndex(of: "/") { try makeDirectory(String(path[..<slash])) }
        directories.insert(path)
        try DurableFiles.makeDirectory(target + "/" + path, durable: false)
    }

    // MARK: The end

    /// What was received, once all of it is as the manifest says. Throws `.backupDamaged` for anything else.
    func finish() throws(Problem) -> Received {
        guard let start, let stop, start.timeline == stop.timeline, open == nil else {
            throw Self.refused("it ended early, or on another timeline")
        }
        try frames.finish(&files)
        guard start.lsn <= stop.lsn, stop.lsn.isPlausible,
            stop.lsn.distance(from: start.lsn) <= Self.mostWALBytes
        else { throw Self.refused("it begins at \(start.lsn) and ends at \(stop.lsn)") }
        try compare()
        let parsed: BackupLabel
        do throws(BackupLabel.Malformed) {
            parsed = try BackupLabel(parsing: String(decoding: label, as: UTF8.self))
        } catch {
            throw Self.refused("its backup_label cannot be read, line \(error.line)")
        }
        guard parsed.startLSN == start.lsn, parsed.startTimeline == start.timeline, !parsed.fromStandby else {
            throw Self.refused("its backup_label tells another start")
        }
        guard start.lsn <= parsed.checkpointLSN, parsed.checkpointLSN <= stop.lsn else {
            throw Self.refused("its backup_label tells a checkpoint outside of it")
        }
        return Received(
            start: start.lsn, stop: stop.lsn, timeline: start.timeline, label: parsed, files: files,
            directories: directories.sorted(), tablespaces: tablespaces,
            leftOut: leftOut.sorted().map { "\"\($0)\" (the source's own, never in force in a copy)" },
            catalogs: catalogs)
    }

    private func compare() throws(Problem) {
        let wanted: BackupManifest
        do {
            wanted = try BackupManifest(checking: manifest)
        } catch {
            throw Self.refused("its manifest cannot be read: \(error)")
        }
        guard Set(wanted.files.map(\.path)) == names, wanted.files.count == names.count else {
            throw Self.refused("its files are not those of its manifest")
        }
        let expected = Dictionary(wanted.files.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        for file in files {
            guard let said = expected[file.path], said.size == file.size, said.checksum?.crc32c == file.crc
            else { throw Self.refused("'\(file.path)' is not as its manifest says") }
        }
        guard names.contains(BackupFiles.controlFile), names.contains("PG_VERSION") else {
            throw Self.refused("it has no '\(BackupFiles.controlFile)'")
        }
    }

    static func refused(_ reason: String) -> Problem {
        Problem(
            .backupDamaged, "the base backup that the server sent is refused", detail: reason,
            hint: "Nothing of it was kept. Take it again; if that fails as well, look at what answers there.")
    }
}

/// Which of a source's files go into its backup: PostgreSQL's own data.
///
/// What else lies in its data directory stays out: its configuration, whom it lets in, keys, passwords. A
/// copy must not have any of that in force.
enum SourceFiles {
    static func belongs(_ path: String) -> Bool {
        let first = path.prefix { $0 != "/" }
        return ["PG_VERSION", "backup_label"].contains(path) || directories.contains(String(first))
    }

    /// Whether a file is kept of a base backup that nobody may have sorted: without what a starting server
    /// makes anew, slots among it, and what was temporary.
    static func isKept(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        guard belongs(path), let first = parts.first, let last = parts.last else { return false }
        if path == "backup_label" { return true }
        return !BackupExclusions.emptiedDirectories.contains(String(first))
            && !parts.contains { BackupExclusions.excludes(name: String($0)) }
            && !BackupExclusions.isTemporaryRelation(String(last))
    }

    /// The directories of any version from 15 on.
    private static let directories: Set<String> = [
        "base", "global", "pg_commit_ts", "pg_dynshmem", "pg_logical", "pg_multixact", "pg_notify",
        "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat", "pg_stat_tmp", "pg_subtrans", "pg_tblspc",
        "pg_twophase", "pg_wal", "pg_xact",
    ]
}
