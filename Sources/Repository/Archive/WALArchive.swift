public import Planning
public import Platform
public import PostgresFormat

/// The WAL that a repository holds: every file PostgreSQL handed over, unchanged, each with its summary.
public struct WALArchive: Sendable {
    public let layout: RepositoryLayout

    public init(layout: RepositoryLayout) {
        self.layout = layout
    }

    /// Whether a file of that name is stored; its content is not looked at.
    public func contains(_ name: ArchivedFileName) -> Bool {
        DurableFiles.status(layout.path(of: name)) != nil
    }

    /// All segments and partial segments, by timeline and number. Of each only the summary is read.
    ///
    /// A file whose summary cannot be read, or tells of another segment, is among them, as damaged.
    public func segments() throws(Problem) -> [ArchivedSegment] { try listing().segments }

    /// One segment, nil when it is not stored.
    public func segment(_ name: SegmentName, isPartial: Bool = false) throws(Problem) -> ArchivedSegment? {
        let archived: ArchivedFileName = isPartial ? .partial(name) : .segment(name)
        return try stored(name, isPartial: isPartial, layout.path(of: archived), archived)
    }

    /// The timelines whose history files are stored.
    public func histories() throws(Problem) -> [TimelineID] {
        try DurableFiles.listIfPresent(layout.wal).compactMap { fileName in
            guard case .timelineHistory(let timeline)? = Self.archivedName(fileName, .standard) else {
                return nil
            }
            return timeline
        }.sorted()
    }

    /// A timeline's history as PostgreSQL wrote it, verified; nil when it is not stored.
    public func history(_ timeline: TimelineID) throws(Problem) -> String? {
        guard contains(.timelineHistory(timeline)) else { return nil }
        return String(decoding: try read(.timelineHistory(timeline)), as: UTF8.self)
    }

    /// The content of a history file, verified. For small files.
    public func read(_ name: ArchivedFileName) throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        try withContent(of: name) { (chunk) throws(Problem) in
            bytes.append(contentsOf: chunk)
            return true
        }
        return bytes
    }

    /// Files in the archive's folders that are none of PostgreSQL's and none of ours.
    public func strangers() throws(Problem) -> [String] {
        let size = try layout.identity().segmentSize
        return try files(size).filter { file in
            let fileName = file.path.split(separator: "/").last.map(String.init) ?? ""
            return file.name == nil && Self.indexedSegment(fileName, size) == nil
        }.map(\.path)
    }

    /// Removes exactly these files, those that exist, durably; with a segment goes its index.
    public func remove(_ names: [ArchivedFileName]) throws(Problem) {
        var directories: Set<String> = []
        for name in names {
            if case .segment(let segment) = name {
                // Before the segment, so that no index is left over when this is interrupted.
                try DurableFiles.removeFile(layout.indexPath(of: segment))
            }
            let path = layout.path(of: name)
            if try DurableFiles.removeFile(path) { directories.insert(DurableFiles.parent(of: path)) }
        }
        for directory in directories.sorted() {
            try DurableFiles.syncDirectory(directory)
        }
    }

    /// Every file stored, whatever its kind, by name.
    public func names() throws(Problem) -> [ArchivedFileName] {
        if let remembered { return remembered.names }
        return try files(layout.identity().segmentSize).compactMap(\.name)
    }

    /// When a file last came in or went, in seconds since 1970; 0 for an archive without folders.
    public func lastChange() -> Int64 {
        let entries = (try? DurableFiles.listIfPresent(layout.wal)) ?? []
        let folders = [layout.wal] + entries.map { layout.wal + "/" + $0 }.filter { $0 != layout.incoming }
        return folders.compactMap { DurableFiles.status($0)?.modified }.max() ?? 0
    }

    /// Bytes of all stored files, as they are on the disk.
    public func totalStoredBytes() throws(Problem) -> UInt64 {
        try files(.standard).reduce(0) { $0 + (DurableFiles.status($1.path)?.size ?? 0) }
    }

    /// Every file in the archive's folders.
    private func files(_ size: WALSegmentSize) throws(Problem) -> [ArchivedFile] {
        let (folders, loose) = try folders()
        var paths = loose.map { (layout.wal, $0) }
        for folder in folders { paths += try DurableFiles.list(folder).map { (folder, $0) } }
        return paths.map { folder, name in
            ArchivedFile(path: folder + "/" + name, name: Self.archivedName(name, size))
        }
    }

    /// The timelines' folders, and the names beside them; both sorted.
    func folders() throws(Problem) -> (paths: [String], loose: [String]) {
        var paths: [String] = []
        var loose: [String] = []
        for entry in try DurableFiles.listIfPresent(layout.wal) {
            let path = layout.wal + "/" + entry
            if path == layout.incoming { continue }
            if DurableFiles.status(path)?.kind == .directory {
                paths.append(path)
            } else {
                loose.append(entry)
            }
        }
        return (paths, loose)
    }

    static func archivedName(_ fileName: String, _ size: WALSegmentSize) -> ArchivedFileName? {
        guard fileName.hasSuffix(RepositoryLayout.compressedSuffix) else { return nil }
        return ArchivedFileName(
            fileName: String(fileName.dropLast(RepositoryLayout.compressedSuffix.count)), segmentSize: size)
    }

    /// The segment that a file of that name is the index of.
    private static func indexedSegment(_ fileName: String, _ size: WALSegmentSize) -> SegmentName? {
        guard fileName.hasSuffix(RepositoryLayout.indexSuffix) else { return nil }
        return SegmentName(
            fileName: String(fileName.dropLast(RepositoryLayout.indexSuffix.count)), size: size)
    }

    /// Nil when there is no such file.
    private func stored(
        _ segment: SegmentName, isPartial: Bool, _ path: String, _ name: ArchivedFileName
    ) throws(Problem) -> ArchivedSegment? {
        try FileMemory.value(
            of: path, keptIn: layout.memory?.segments,
            weight: { segment, _ in segment.damage == nil ? SummaryFrame.size : nil }
        ) { (file) throws(Problem) in
            try Self.read(file, segment, isPartial: isPartial, path, name)
        }
    }

    static func read(
        _ file: OpenFile, _ segment: SegmentName, isPartial: Bool, _ path: String, _ name: ArchivedFileName
    ) throws(Problem) -> ArchivedSegment {
        let storedBytes = try file.size()
        let content: ArchivedSegment.Content =
            switch try readSummary(file, name) {
            case .failure(let damage): .damaged(damage)
            case .success(let summary): .intact(summary)
            }
        return ArchivedSegment(
            name: segment, isPartial: isPartial, path: path, storedBytes: storedBytes, content: content)
    }

    static func readSummary(
        _ file: OpenFile, _ name: ArchivedFileName
    ) throws(Problem) -> Result<SegmentSummary, ArchiveDamage> {
        var frame = [UInt8](repeating: 0, count: SummaryFrame.size)
        var span = frame.mutableSpan
        let count = try span.withUnsafeMutableBytes { (buffer) throws(Problem) in
            try file.read(into: buffer, at: 0)
        }
        if count < frame.count { frame.removeLast(frame.count - count) }
        return SummaryFrame.decode(frame, name: name)
    }
}

/// A file in the archive's folders.
struct ArchivedFile: Sendable {
    var path: String
    /// Nil where it is none of PostgreSQL's: an index, or a stranger.
    var name: ArchivedFileName?
}

/// A WAL segment in the archive.
public struct ArchivedSegment: Hashable, Sendable {
    public indirect enum Content: Hashable, Sendable {
        case intact(SegmentSummary)
        /// The summary cannot be read or does not belong to this name: the segment is not usable.
        case damaged(ArchiveDamage)
    }

    public let name: SegmentName
    public let isPartial: Bool
    public let path: String
    /// Size of the compressed file.
    public let storedBytes: UInt64
    public let content: Content

    public var summary: SegmentSummary? {
        if case .intact(let summary) = content { summary } else { nil }
    }

    public var damage: ArchiveDamage? {
        if case .damaged(let damage) = content { damage } else { nil }
    }

    public var archivedName: ArchivedFileName { isPartial ? .partial(name) : .segment(name) }
}
