import Planning
public import Platform
public import PostgresFormat
public import Repository

/// A base backup that somebody else made, with the WAL beside it: what is in them, and what is wrong.
public struct FoundBackup: Sendable {
    public var base: FoundBase
    public var version: WALVersion
    public var systemIdentifier: UInt64
    public var segmentSize: WALSegmentSize
    public var label: BackupLabel
    /// PostgreSQL's, 1 or 2; nil where it has none.
    public var manifestVersion: Int?
    /// Whether each file has the checksum that the manifest says, and not only the size.
    public var isWhollyCompared: Bool
    /// Replay must reach this to be consistent.
    public var stop: LSN
    /// The server's clock when it began, to the second.
    public var began: PostgresTimestamp
    /// The earliest instant that can be restored from it: no commit in it is later.
    public var completed: PostgresTimestamp
    public var fileCount: Int
    public var totalBytes: UInt64
    public var tablespaces: [BackupTablespace]
    /// What lies there and never comes into a copy, in words.
    public var leftOut: [String]
    /// What makes it unusable, in words.
    public var damages: [String]
    /// What is to be known of it, in words.
    public var remarks: [String]
    public var reach: WALReach

    let settings: WALParameters
    let files: [CapturedFile]
    let directories: [String]
    let wal: FoundWAL
    /// The best file of each segment from the backup's first one on.
    let segments: [FoundSegment]

    public var major: Int { version.rawValue }

    /// Whether a copy can be made of it.
    public var isUsable: Bool { damages.isEmpty && reach.missing.isEmpty && reach.end >= stop }
}

/// Looks at a base backup and at WAL of somebody else's, and stores the data on the way where they are to be
/// kept.
public struct FoundBackupExamination: Sendable {
    public let base: FoundBase
    /// Folders with WAL, below which everything is looked at.
    public let folders: [String]
    var progress: any ProgressReporter
    var cancellation: CancellationFlag

    public init(
        _ base: FoundBase, wal folders: [String], progress: any ProgressReporter = SilentProgress(),
        cancellation: CancellationFlag = CancellationFlag()
    ) {
        self.base = base
        self.folders = folders
        self.progress = progress
        self.cancellation = cancellation
    }

    /// Looks only; nothing is written anywhere.
    ///
    /// Throws `.operationNotSupported` for a backup of a kind that cannot be read, `.backupDamaged` for what
    /// is none, `.archiveConflict`, `.canceled`.
    public func look() throws(Problem) -> FoundBackup {
        try run(target: nil, staging: nil, segments: nil)
    }

    /// - Parameters:
    ///   - target: a folder for the data, which is there and empty, and what stores them.
    ///   - staging: a folder for WAL that lies within archives, made where it is needed.
    ///   - segments: stores other WAL.
    ///   - reserve: what is left free where archives are unpacked, in bytes.
    func run(
        target: (folder: String, encoder: FrameEncoder)?, staging: String?, segments: SegmentStaging?,
        reserve: UInt64 = 0
    ) throws(Problem) -> FoundBackup {
        let reception = FoundBaseReception(
            target: try target.map { (target) throws(Problem) in
                (target.folder, try FrameQueue(target.encoder))
            },
            staging: staging)
        if let manifest = base.manifest { try reception.takeManifest(at: manifest) }
        progress.begin(
            target == nil ? "looking at the base backup" : "base backup",
            totalBytes: try base.contentBytes())
        do {
            let room = staging.map { UnpackingRoom($0, reserve: reserve) } ?? .temporary()
            try room.prepare(for: try base.copiedBytes(), of: base.path)
            let reader = FoundBaseReader(
                base: base, cancellation: cancellation, progress: progress, scratch: room)
            try reader.read { try reception.take($0) }
            try reception.finishStoring()
        } catch {
            throw error as? Problem ?? Problem(.system, "\(error)")
        }
        progress.end()
        var wal = reception.wal
        // Without a size the backup is refused, whatever WAL there is.
        let control = reception.texts[BackupFiles.controlFile].flatMap { try? ControlFile(parsing: $0) }
        let store = segments.flatMap { SegmentIntake.Store($0, control?.walSegmentSize) }
        for folder in base.ownWAL + folders {
            try wal.add(folder: folder, from: base.firstSegment, storing: store, progress, cancellation)
        }
        return try FoundBackupJudge(base: base, reception: reception, wal: wal).backup()
    }
}

/// Tells from what was read what a backup is.
struct FoundBackupJudge {
    let base: FoundBase
    let reception: FoundBaseReception
    let wal: FoundWAL

    func backup() throws(Problem) -> FoundBackup {
        let version = try version()
        let label = try label()
        let control = try control(version)
        // The files of pgBackRest were compared with its manifest when they were read.
        let manifest = base.isOfBackrest ? nil : reception.compare()
        noteLostTablespaces()
        checkEarlier(control)
        if let said = manifest?.systemIdentifier ?? base.knownSystem, said != control.systemIdentifier {
            reception.noteDamage(
                "its manifest is of system \(said), and its data of system \(control.systemIdentifier)")
        }
        let stop = try stop(label, manifest)
        let first = SegmentName(
            timeline: label.startTimeline, containing: label.startLSN, size: control.walSegmentSize)
        guard label.startSegment == first.fileName else {
            throw Self.refused(
                "its backup_label says that \(label.startLSN) of timeline \(label.startTimeline) is in "
                    + label.startSegment)
        }
        guard label.startLSN <= label.checkpointLSN, label.checkpointLSN <= stop, stop.isPlausible else {
            throw Self.refused("it begins at \(label.startLSN), and ends at \(stop)")
        }
        let all = try segments(of: control, from: label.startLSN)
        let timelines = FoundTimelines(
            from: label.startTimeline, to: stop, all, histories: wal.histories)
        // What no way leads to is not brought in: it would be taken for the newest there is.
        let segments = all.filter { $0.segment.map { timelines.hasWay(to: $0.timeline) } ?? false }
        var wal = wal
        wal.histories = wal.histories.filter { timelines.histories[$0.key] != nil }
        let reach = WALReach(
            from: label.startLSN, to: stop, along: timelines, control.walSegmentSize, files: segments)
        let began =
            reception.labelTime ?? base.knownBegin ?? Self.time(label.startTime) ?? reception.labelFileTime
        // Files tell whole seconds.
        let ended = max(base.knownEnd ?? began, began.advanced(bySeconds: 1))
        let required = segments.filter { ($0.segment?.start ?? .max) < stop }
        let last = required.compactMap(\.summary.maxStopTime).max()
        return FoundBackup(
            base: base, version: version, systemIdentifier: control.systemIdentifier,
            segmentSize: control.walSegmentSize, label: label,
            manifestVersion: manifest.map { $0.systemIdentifier == nil ? 1 : 2 },
            isWhollyCompared: base.isOfBackrest || reception.isWhollyCompared, stop: stop, began: began,
            completed: max(ended, last ?? ended),
            fileCount: reception.fileCount, totalBytes: reception.totalBytes,
            tablespaces: tablespaces(),
            leftOut: reception.leftOut.sorted().map {
                "\"\($0)\" (the source's own, never in force in a copy)"
            },
            damages: reception.damages,
            remarks: base.remarks + reception.remarks + remarks() + timelines.remarks,
            reach: reach,
            settings: control.parameters, files: reception.files,
            directories: reception.directories.sorted(), wal: wal, segments: segments)
    }

    /// A label's `2026-11-30 07:53:14 UTC`; nil for other zones, whose short names mean several.
    static func time(_ text: String) -> PostgresTimestamp? {
        guard text.hasSuffix(" UTC") || text.hasSuffix(" GMT"),
            case .success(let parsed) = TimestampParser.parse(text.dropLast(4) + "Z")
        else { return nil }
        return parsed.instant
    }

    static func refused(_ reason: String, hint: String? = nil) -> Problem {
        Problem(
            .backupDamaged, "what lies there is no base backup that can be restored", detail: reason,
            hint: hint)
    }

    private func text(_ path: String) -> String? {
        reception.texts[path].map { String(decoding: $0, as: UTF8.self) }
    }

    private func version() throws(Problem) -> WALVersion {
        guard let text = text("PG_VERSION"), let major = Int(text.prefix { $0.isNumber }) else {
            throw Self.refused("it has no PG_VERSION")
        }
        guard let version = WALVersion(rawValue: major) else {
            throw Problem(
                .operationNotSupported, "the base backup is of PostgreSQL \(major), which cannot be read",
                hint: "It can be of \(WALVersion.supportedWords).")
        }
        return version
    }

    private func label() throws(Problem) -> BackupLabel {
        guard let text = text("backup_label") else {
            throw Self.refused(
                text("postmaster.pid") == nil
                    ? "it has no backup_label"
                    : "it has no backup_label, and a postmaster.pid: a server lives there",
                hint:
                    "A data directory is no backup of itself. 'pitr attach' takes one of a server that runs; "
                    + "pg_basebackup makes one, too.")
        }
        // A folder was refused, or joined with the others, before it was read.
        guard !text.split(separator: "\n").contains(where: IncrementalChain.isIncremental) else {
            throw try IncrementalChain.alone(base, label: text)
        }
        let label: BackupLabel
        do throws(BackupLabel.Malformed) {
            label = try BackupLabel(parsing: text)
        } catch {
            throw Self.refused("its backup_label cannot be read, line \(error.line)")
        }
        guard !label.fromStandby else {
            throw Problem(
                .operationNotSupported, "the base backup was taken from a standby",
                hint: "Only one of the primary can be opened yet. PostgreSQL itself restores it by hand.")
        }
        return label
    }

    private func control(_ version: WALVersion) throws(Problem) -> ControlFile {
        guard let bytes = reception.texts[BackupFiles.controlFile] else {
            throw Self.refused("it has no '\(BackupFiles.controlFile)'")
        }
        let file: ControlFile
        do throws(ControlFile.Failure) {
            file = try ControlFile(parsing: bytes)
        } catch {
            throw Self.refused("its '\(BackupFiles.controlFile)' cannot be read: \(error)")
        }
        guard file.controlVersion == version.controlVersion else {
            throw Self.refused(
                "PG_VERSION says \(version.rawValue), and its '\(BackupFiles.controlFile)' has version "
                    + "\(file.controlVersion)")
        }
        return file
    }

    /// Where the backup ends: its manifest says so, or the history file that the server archived of it.
    private func stop(_ label: BackupLabel, _ manifest: BackupManifest?) throws(Problem) -> LSN {
        if let manifest {
            let own = manifest.walRanges.filter { $0.timeline == label.startTimeline }
            guard let range = own.last, manifest.walRanges.count == 1, range.start == label.startLSN else {
                throw Self.refused("its manifest tells another start than its backup_label")
            }
            return range.end
        }
        if let known = base.knownStop { return known }
        for text in wal.backups.values {
            // One of another backup, or none at all.
            guard let known = try? BackupLabel(parsing: text), known.startLSN == label.startLSN,
                known.startTimeline == label.startTimeline, let stop = known.stop
            else { continue }
            return stop.lsn
        }
        throw Self.refused(
            "nothing tells where it ends: it has no backup_manifest, and there is no "
                + "\(label.startSegment).….backup among the WAL",
            hint: "Name the folder into which the server archived its WAL: --wal DIR.")
    }

    private func segments(of control: ControlFile, from start: LSN) throws(Problem) -> [FoundSegment] {
        let size = control.walSegmentSize
        let first = start.rawValue / size.bytes
        var own = wal
        // What lies before is of no use to this backup.
        own.segments.removeAll { ($0.segment?.number ?? 0) < first || $0.segment?.size != size }
        for found in own.segments {
            guard let system = found.summary.systemIdentifier, system != control.systemIdentifier else {
                continue
            }
            throw Problem(
                .archiveConflict, "the WAL is not of the server that the base backup is of",
                detail: "'\(found.place)' is of system \(system), the base backup of system "
                    + "\(control.systemIdentifier)",
                hint: "Name the folder that has this server's WAL.")
        }
        if let (first, second) = own.differing.first {
            throw Problem(
                .archiveConflict, "there are two different files of the same name",
                detail: "'\(first)' and '\(second)'",
                hint: "Find out which of them is this server's, and name only the folder that has it.")
        }
        return try own.best()
    }

    /// What the server wrote down of its tablespaces when the backup began.
    private var mappedPlaces: [UInt32: String] {
        var places: [UInt32: String] = [:]
        for line in (text("tablespace_map") ?? "").split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2, let number = UInt32(parts[0]) { places[number] = String(parts[1]) }
        }
        return places
    }

    /// Whether the backups that it goes on from are of the same system.
    private func checkEarlier(_ control: ControlFile) {
        for (path, bytes) in reception.earlierControls {
            // Why it cannot be read is no matter: nothing can go on from it.
            guard let earlier = try? ControlFile(parsing: bytes) else {
                reception.noteDamage("'\(path)/\(BackupFiles.controlFile)' cannot be read")
                continue
            }
            if earlier.systemIdentifier != control.systemIdentifier {
                reception.noteDamage(
                    "'\(path)' is of system \(earlier.systemIdentifier), and what goes on from it of system "
                        + "\(control.systemIdentifier)")
            }
            if control.dataChecksumVersion != 0, earlier.dataChecksumVersion == 0 {
                reception.noteRemark(
                    "pages have had checksums only since '\(path)' was taken: some of a copy may be without, "
                        + "and are refused by it; pg_checksums --disable is the way out")
            }
        }
    }

    private func noteLostTablespaces() {
        for number in mappedPlaces.keys.sorted()
        where !reception.directories.contains("pg_tblspc/\(number)") {
            reception.noteDamage("its tablespace_map names tablespace \(number), which is missing")
        }
    }

    /// Their places are told and never followed: files are directories inside of each copy.
    private func tablespaces() -> [BackupTablespace] {
        let places = mappedPlaces
        var numbers = Set(base.tablespaces.keys)
        if case .archives(_, let archives, _) = base.form { numbers.formUnion(archives.keys) }
        for directory in reception.directories where directory.hasPrefix("pg_tblspc/") {
            if let number = UInt32(directory.dropFirst("pg_tblspc/".count)), places[number] != nil {
                numbers.insert(number)
            }
        }
        return numbers.sorted().map { BackupTablespace(number: $0, location: places[$0] ?? "") }
    }

    private func remarks() -> [String] {
        let strange = wal.refused.sorted { $0.place < $1.place }
        return strange.prefix(5).map { "'\($0.place)' is no WAL that can be read: \($0.reason)" }
            + (strange.count > 5 ? ["and so are \(strange.count - 5) more files"] : [])
    }
}
