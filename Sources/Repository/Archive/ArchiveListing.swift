public import Platform
import PostgresFormat
import Synchronization

/// What an archive holds: one value for as long as that stays the same.
public final class ArchiveListing: Sendable {
    /// All segments and partial segments, by timeline and number.
    public let segments: [ArchivedSegment]
    /// Every file stored, whatever its kind, by name.
    public let names: [ArchivedFileName]
    private let conclusions = Mutex<[String: any Sendable]>([:])

    fileprivate init(_ parts: [ListedFolder.Content]) {
        names = parts.flatMap(\.files).compactMap(\.name)
        segments = parts.flatMap { $0.segments.compactMap(\.self) }.sorted {
            ($0.name, $0.isPartial ? 1 : 0) < ($1.name, $1.isPartial ? 1 : 0)
        }
    }

    /// What is concluded from it, once for all who ask.
    ///
    /// - Parameter key: all else that it is concluded from; of each name the last one is kept.
    public func conclusion<Key: Equatable & Sendable, Value: Sendable, Failure: Error>(
        _ name: String, for key: Key, _ make: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let known = conclusions.withLock { $0[name] } as? Conclusion<Key, Value>
        if let known, known.key == key { return known.value }
        let value = try make()
        conclusions.withLock { $0[name] = Conclusion(key: key, value: value) }
        return value
    }

    private struct Conclusion<Key: Sendable, Value: Sendable>: Sendable {
        var key: Key
        var value: Value
    }
}

/// An archive as it was when its files were looked at.
struct LookedAtArchive: Sendable {
    fileprivate var folders: [ListedFolder]
    fileprivate var listing: ArchiveListing

    /// Of the files and of what is concluded from them, in bytes, roughly.
    fileprivate var weight: Int { listing.segments.count * 4096 + listing.names.count * 256 }
}

/// A folder of an archive: the one that has all, or a timeline's.
private struct ListedFolder: Sendable {
    /// What is in it: one value for as long as that stays the same.
    final class Content: Sendable {
        /// Sorted.
        let names: [String]
        let files: [ArchivedFile]
        /// Beside the files; nil for what is none.
        let segments: [ArchivedSegment?]
        /// Which of the files are segments by their names.
        let places: [Int]

        init(_ names: [String], _ files: [ArchivedFile], _ segments: [ArchivedSegment?]) {
            self.names = names
            self.files = files
            self.segments = segments
            places = files.indices.filter { files[$0].name?.walSegment != nil }
        }
    }

    let path: String
    let content: Content
    private let size: WALSegmentSize
    /// Nil where names may come and go and it looks the same.
    private let version: FileVersion?
    /// What the segments were read from; nil where that may change and look the same, and of damaged ones.
    private let versions: [FileVersion?]

    /// Looks at every segment, and reads those that are others than the last time.
    ///
    /// - Parameter names: nil where the folder is to be listed.
    init(
        _ path: String, names known: [String]?, _ size: WALSegmentSize, last: ListedFolder?, tick: Int
    ) throws(Problem) {
        let last = last?.size == size ? last : nil
        self.path = path
        self.size = size
        // Before what is in it.
        let found = FileVersion(path: path).flatMap { $0.isSettled(tick: tick) ? $0 : nil }
        version = found
        let names =
            if let known {
                known
            } else if let found, let last, found == last.version {
                last.content.names
            } else {
                try DurableFiles.list(path)
            }
        let directory = OpenDirectory(path)
        if let last, names == last.content.names, try last.isSame(directory) {
            (content, versions) = (last.content, last.versions)
            return
        }
        var files: [ArchivedFile] = []
        var segments: [ArchivedSegment?] = []
        var versions: [FileVersion?] = []
        var changed: [Int] = []
        var place = 0
        for (index, name) in names.enumerated() {
            // Both are sorted.
            while let last, place < last.content.names.count, last.content.names[place] < name { place += 1 }
            if let last, place < last.content.names.count, last.content.names[place] == name {
                files.append(last.content.files[place])
                segments.append(last.content.segments[place])
                versions.append(last.versions[place])
            } else {
                files.append(
                    ArchivedFile(path: path + "/" + name, name: WALArchive.archivedName(name, size)))
                segments.append(nil)
                versions.append(nil)
            }
            guard files[index].name?.walSegment != nil else { continue }
            if versions[index] == nil || versions[index] != directory?.version(of: name) {
                changed.append(index)
            }
        }
        let wanted = changed.map { files[$0] }
        let read = try Workers.map(wanted.count, portion: max(wanted.count / 8, 16)) {
            (place) throws(Problem) in try WALArchive.read(wanted[place], tick: tick)
        }
        var isSame = names == last?.content.names
        for (index, read) in zip(changed, read) {
            isSame = isSame && segments[index] == read?.segment
            segments[index] = read?.segment
            versions[index] = read?.version
        }
        self.versions = versions
        content = isSame ? last?.content ?? Content(names, files, segments) : Content(names, files, segments)
    }

    /// Whether every segment in the folder is the very file that was read.
    private func isSame(_ directory: OpenDirectory?) throws(Problem) -> Bool {
        let (content, versions) = (content, versions)
        let portion = 1024
        let portions = (content.places.count + portion - 1) / portion
        let found = try Workers.map(portions, portion: 1) { (number) throws(Problem) in
            content.places[number * portion..<min((number + 1) * portion, content.places.count)].allSatisfy {
                versions[$0] != nil && versions[$0] == directory?.version(of: content.names[$0])
            }
        }
        return found.allSatisfy(\.self)
    }
}

extension WALArchive {
    /// What it holds: as far as it is the same as the last time, out of memory where there is one.
    ///
    /// A file whose summary cannot be read, or tells of another segment, is among the segments, as damaged.
    public func listing() throws(Problem) -> ArchiveListing {
        let size = try layout.identity().segmentSize
        guard let memory = layout.memory?.archives else { return try look(size, last: nil, tick: 0).listing }
        let kept = try FileMemory.value(
            layout.wal, inFolders: { $0?.folders.map(\.path) ?? [layout.wal] }, keptIn: memory,
            weight: \.weight
        ) { (last, tick) throws(Problem) in try look(size, last: last, tick: tick) }
        return kept.listing
    }

    /// What is in memory of it; nil where nothing is kept, or it cannot be read.
    public var remembered: ArchiveListing? { layout.memory == nil ? nil : try? listing() }

    private func look(
        _ size: WALSegmentSize, last: LookedAtArchive?, tick: Int
    ) throws(Problem) -> LookedAtArchive {
        let (paths, names) = try folders()
        func look(_ path: String, names: [String]? = nil) throws(Problem) -> ListedFolder {
            try ListedFolder(
                path, names: names, size, last: last?.folders.first { $0.path == path }, tick: tick)
        }
        var folders = [try look(layout.wal, names: names)]
        for path in paths { folders.append(try look(path)) }
        let parts = folders.map(\.content)
        if let last, last.folders.map(\.content).elementsEqual(parts, by: ===) {
            return LookedAtArchive(folders: folders, listing: last.listing)
        }
        return LookedAtArchive(folders: folders, listing: ArchiveListing(parts))
    }

    /// Nil where there is none any more.
    ///
    /// - Returns: no version where what was read is to be read again.
    fileprivate static func read(
        _ listed: ArchivedFile, tick: Int
    ) throws(Problem) -> (segment: ArchivedSegment, version: FileVersion?)? {
        guard let name = listed.name, let segment = name.walSegment,
            let file = try OpenFile(readingIfPresent: listed.path)
        else { return nil }
        // Before its content: what is written meanwhile gives another version.
        let version = try FileVersion(file)
        let isSettled = version.isSettled(tick: tick)
        var isPartial = false
        if case .partial = name { isPartial = true }
        let read = try read(file, segment, isPartial: isPartial, listed.path, name)
        return (read, isSettled && read.damage == nil ? version : nil)
    }
}
