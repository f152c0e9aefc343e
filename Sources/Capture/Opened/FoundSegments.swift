import Notation
public import Planning
import Platform
public import PostgresFormat
public import Repository

/// A file of WAL that somebody else kept, and what was found in it.
public struct FoundSegment: Sendable {
    public var name: ArchivedFileName
    /// Where it lies, packed or not; nil for one within an archive that was only looked at.
    public var path: String?
    /// Where it is said to lie.
    public var place: String
    public var summary: SegmentSummary
    public var isPacked: Bool
    /// Stored already, for the archive to take.
    public var staged: StagedSegment?

    public var segment: SegmentName? { name.walSegment }

    /// How far its records can be read.
    var reach: LSN {
        switch summary.outcome {
        case .complete: segment?.end ?? .zero
        case .endsAt(let position, _): position
        }
    }

    /// Whether it has all that a segment has: its end, or a switch to the next one.
    ///
    /// Where only the segment before knows whether it was a switch, it is taken for one.
    var isWhole: Bool { summary.isComplete || summary.mayEndWithStraddlingSwitch }

    /// Whether its name says that the server never finished it.
    var isCalledPartial: Bool {
        if case .partial = name { true } else { false }
    }

    /// One that is proved whole is better than one that may be, which a copy taken too early looks like.
    fileprivate var rank: Int { summary.isComplete ? 2 : isWhole ? 1 : 0 }

    /// Whether all that is in it is the end of a record by which the server switched to the next segment.
    func isSwitch(after previous: SegmentSummary?) -> Bool {
        guard let previous, let record = join(tail: previous, head: summary) else { return false }
        return record.resourceManager == .xlog && record.info & 0xF0 == XLogOperation.switchSegment
    }

    /// Whether it ends as WAL that was still being written does.
    var isUnfinished: Bool { isUnfinished(isWhole: isWhole) }

    func isUnfinished(isWhole: Bool) -> Bool {
        guard !isWhole, case .endsAt(_, let reason) = summary.outcome else { return false }
        return reason == .zeroedTail || reason == .recycledPage || reason == .truncated
    }
}

/// Looks at one file of WAL while it passes by, in pieces of any length.
struct SegmentExaminer {
    /// Whole pages are handed on, as many as fit.
    private static let piece = 1 << 20

    private let fileName: String
    private var waiting: [UInt8] = []
    private var summarizer: SegmentSummarizer?
    private(set) var name: ArchivedFileName?
    private var isForeign = false
    private(set) var bytes: UInt64 = 0

    init(fileName: String) {
        self.fileName = fileName
        waiting.reserveCapacity(Self.piece)
    }

    mutating func feed(_ content: UnsafeRawBufferPointer) {
        bytes += UInt64(content.count)
        var rest = content
        while !rest.isEmpty, !isForeign {
            let count = min(rest.count, Self.piece - waiting.count)
            waiting.append(contentsOf: rest[..<count])
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if waiting.count == Self.piece { hand() }
        }
    }

    /// Whether there is more of it than a segment has that begins like it, or than any has.
    var isTooLong: Bool { bytes > size?.bytes ?? FoundWAL.mostSegmentBytes }

    private var size: WALSegmentSize? { name?.walSegment?.size }

    /// A segment, or why it is none: its first page, its name or its length.
    consuming func finish(path: String?, place: String, isPacked: Bool) -> FoundWAL.Seen {
        hand()
        guard !isTooLong else {
            let most = size.map { "a segment of \(ByteText.of($0.bytes))" } ?? "any segment"
            return .nothing("it is longer than \(most)")
        }
        guard let name, let summarizer else {
            return .nothing("its first page is not one of a segment of that name")
        }
        return .segment(
            FoundSegment(
                name: name, path: path, place: place, summary: summarizer.finish(), isPacked: isPacked))
    }

    /// What a file's name means beside its first page, which has the size of segments; nil where they do not
    /// belong to each other.
    static func name(_ fileName: String, _ content: UnsafeRawBufferPointer) -> ArchivedFileName? {
        guard let header = WALPageHeader(content), header.version != nil, let first = header.segment,
            let size = WALSegmentSize(bytes: UInt64(first.segmentSize)),
            let name = ArchivedFileName(fileName: fileName, segmentSize: size),
            header.address == name.walSegment?.start
        else { return nil }
        return name
    }

    private mutating func hand() {
        waiting.withUnsafeBytes { raw in
            if summarizer == nil {
                guard let name = Self.name(fileName, raw), let segment = name.walSegment else {
                    isForeign = true
                    return
                }
                self.name = name
                summarizer = SegmentSummarizer(name: segment)
            }
            summarizer?.feed(raw)
        }
        waiting.removeAll(keepingCapacity: true)
    }
}

/// The WAL that lies in folders of somebody else, and in a base backup.
public struct FoundWAL: Sendable {
    /// More than a history of a thousand promotions.
    static let mostHistoryBytes = 1 << 20
    /// Of all texts together: an archive of a few bytes may have any number of them.
    static let mostTextBytes = 1 << 26
    /// More than the largest segment.
    fileprivate static let mostSegmentBytes: UInt64 = 1 << 30

    public internal(set) var segments: [FoundSegment] = []
    /// The texts of timeline histories.
    public internal(set) var histories: [TimelineID: String] = [:]
    /// The texts of backup history files.
    public internal(set) var backups: [ArchivedFileName: String] = [:]
    /// What has the name of WAL and is none, with the reason.
    public internal(set) var refused: [(place: String, reason: String)] = []
    /// Where each text lies, and where another one of the same name does.
    private var places: [ArchivedFileName: String] = [:]
    private(set) var differing: [(String, String)] = []
    private var textBytes = 0

    public init() {}

    /// Whether a file's name, without what its packing appends, is one of WAL.
    ///
    /// - Returns: the bare name; nil for anything else.
    static func bareName(_ fileName: String) -> String? {
        let suffix = Packing.allCases.map(\.suffix).first { fileName.hasSuffix($0) }
        let bare = String(fileName.dropLast(suffix?.count ?? 0))
        let parts = bare.split(separator: ".", omittingEmptySubsequences: false)
        func isNumber(_ part: Substring, _ digits: Int) -> Bool {
            part.utf8.count == digits
                && part.utf8.allSatisfy { (48...57).contains($0) || (65...70).contains($0) }
        }
        switch parts.count {
        case 1 where isNumber(parts[0], 24): break
        case 2 where isNumber(parts[0], 24) && parts[1] == "partial": break
        case 2 where isNumber(parts[0], 8) && parts[1] == "history": break
        case 3 where isNumber(parts[0], 24) && isNumber(parts[1], 8) && parts[2] == "backup": break
        default: return nil
        }
        return bare
    }

    /// As `bareName`, and for names as pgBackRest gives them, with the SHA-1 of their content.
    static func name(_ fileName: String) -> (bare: String, sha1: [UInt8]?)? {
        let suffix = Packing.allCases.map(\.suffix).first { fileName.hasSuffix($0) } ?? ""
        let parts = fileName.dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        if parts.count == 2, parts[1].utf8.count == 40, let digest = Hexadecimal.bytes(parts[1]) {
            return bareName(String(parts[0])).map { ($0, digest) }
        }
        return bareName(fileName).map { ($0, nil) }
    }

    /// Whether files of that name have WAL in them, and not only text.
    static func isSegment(_ bare: String) -> Bool {
        let parts = bare.split(separator: ".")
        return parts[0].utf8.count == 24 && (parts.count == 1 || (parts.count == 2 && parts[1] == "partial"))
    }

    /// Looks at every file of WAL below a folder, on all processors. What is none is passed over.
    ///
    /// - Parameters:
    ///   - first: the name of a segment; what lies before is passed over, whatever its timeline.
    ///   - store: where whole segments are stored on the way, and how long they are; nil only looks.
    mutating func add(
        folder: String, from first: String? = nil, storing store: SegmentIntake.Store? = nil,
        _ progress: any ProgressReporter, _ cancellation: CancellationFlag
    ) throws(Problem) {
        let files = try Self.files(below: folder, from: first)
        let total: UInt64 = files.reduce(0) { $0 + $1.mostRead }
        progress.begin(store == nil ? "looking at WAL" : "WAL", totalBytes: total)
        defer { progress.end() }
        let segments = files.filter { Self.isSegment($0.bare) }
        let found = try Self.look(segments, storing: store, progress, cancellation)
        for (seen, file) in zip(found, segments) { add(seen, file.bare, file.path) }
        // One after the other, so that no more of them is held than is taken.
        for file in files where !Self.isSegment(file.bare) {
            try cancellation.check()
            add(try Self.look(file, cancellation), file.bare, file.path)
            progress.advance(bytes: file.mostRead)
        }
    }

    private static func look(
        _ files: [File], storing store: SegmentIntake.Store?, _ progress: any ProgressReporter,
        _ cancellation: CancellationFlag
    ) throws(Problem) -> [Seen] {
        if let store { return try SegmentIntake.take(files, store, progress, cancellation) }
        return try Workers.map(files.count) { (place) throws(Problem) -> Seen in
            try cancellation.check()
            defer { progress.advance(bytes: files[place].mostRead) }
            return try look(files[place], cancellation)
        }
    }

    /// What is stored of the files that `add` with the same folder and segment looks at, in bytes: of packed
    /// ones about as much as lies there, of the others about half.
    static func keptBytes(below folder: String, from first: String? = nil) throws(Problem) -> UInt64 {
        try files(below: folder, from: first).reduce(0) { sum, file in
            DiskRoom.sum(sum, file.seemsPacked ? file.mostRead : file.mostRead / 2)
        }
    }

    struct File: Sendable {
        var path: String
        var bare: String
        var sha1: [UInt8]?
        var status: FileStatus

        /// Files are unpacked whatever their names say; how much room they take is only estimated by them,
        /// and by their length: Barman's packed segments are called as others are.
        var seemsPacked: Bool {
            if Packing.allCases.contains(where: { path.hasSuffix($0.suffix) }) { return true }
            return FoundWAL.isSegment(bare) && WALSegmentSize(bytes: status.size) == nil
        }

        /// What is longer than any segment is read no further, whatever length a file with holes has.
        var mostRead: UInt64 { min(status.size, FoundWAL.mostSegmentBytes) }
    }

    private static func files(below folder: String, from first: String?) throws(Problem) -> [File] {
        var files: [File] = []
        try FoundFolder.walk(folder) { (entry) throws(Problem) in
            let name = String(entry.path.split(separator: "/").last ?? "")
            if entry.status.kind == .file, let (bare, sha1) = self.name(name), isWanted(bare, from: first) {
                files.append(
                    File(path: folder + "/" + entry.path, bare: bare, sha1: sha1, status: entry.status))
            }
            return true
        }
        return files
    }

    /// Without the timeline the names of all sizes are in the order of WAL.
    private static func isWanted(_ bare: String, from first: String?) -> Bool {
        guard isSegment(bare), let first else { return true }
        return bare.dropFirst(8) >= first.dropFirst(8)
    }

    enum Seen: Sendable {
        case segment(FoundSegment)
        case text(String)
        case nothing(String)
    }

    /// Takes what was seen in a file.
    mutating func add(_ seen: Seen, _ bare: String, _ place: String) {
        switch seen {
        case .segment(let segment): segments.append(segment)
        case .nothing(let reason): refused.append((place, reason))
        case .text(let text): add(text, bare, place)
        }
    }

    private mutating func add(_ text: String, _ bare: String, _ place: String) {
        textBytes += text.utf8.count
        guard textBytes <= Self.mostTextBytes else {
            return refused.append((place, "there is more of that kind than any server writes"))
        }
        // The smallest segments have all names that the others have, and each is printed as it was.
        guard let name = ArchivedFileName(fileName: bare, segmentSize: .smallest) else {
            return refused.append((place, "its name is none of WAL's"))
        }
        let other: String?
        switch name {
        case .timelineHistory(let timeline):
            do throws(TimelineHistory.Failure) {
                _ = try TimelineHistory(parsing: text, of: timeline)
            } catch {
                return refused.append((place, "it is no history of a timeline"))
            }
            other = histories.updateValue(text, forKey: timeline)
        case .backupHistory: other = backups.updateValue(text, forKey: name)
        case .segment, .partial: return refused.append((place, "its name is none of WAL's"))
        }
        if let before = places.updateValue(place, forKey: name), other != text {
            differing.append((before, place))
        }
    }

    static func look(_ file: File, _ cancellation: CancellationFlag) throws(Problem) -> Seen {
        let path = file.path
        do {
            let unpacked = try UnpackedFile(
                try FoundFolder.open(path, file.status), cancellation: cancellation)
            guard isSegment(file.bare) else {
                var text: [UInt8] = []
                try unpacked.forEachChunk { bytes in
                    text.append(contentsOf: bytes)
                    return text.count <= mostHistoryBytes
                }
                guard text.count <= mostHistoryBytes else { return .nothing("it is too long") }
                return .text(String(decoding: text, as: UTF8.self))
            }
            var examiner = SegmentExaminer(fileName: file.bare)
            var sum = file.sha1.map { _ in SHA1() }
            try unpacked.forEachChunk { bytes in
                examiner.feed(bytes)
                sum?.add(bytes)
                return !examiner.isTooLong
            }
            // Of what is too long the rest was not read.
            guard examiner.isTooLong || sum?.finish() == file.sha1 else {
                return .nothing("it does not have the SHA-1 that its name says")
            }
            return examiner.finish(path: path, place: path, isPacked: unpacked.packing != nil)
        } catch let problem as Problem {
            guard problem.code == .backupDamaged else { throw problem }
            return .nothing(problem.detail ?? problem.message)
        } catch {
            throw Problem(.system, "\(error)")
        }
    }

    /// The best file for each segment: a whole one before all others, else the one that can be read furthest.
    ///
    /// Throws `.archiveConflict` where two whole ones differ.
    func best() throws(Problem) -> [FoundSegment] {
        var best: [SegmentName: FoundSegment] = [:]
        for found in segments {
            guard let name = found.segment else { continue }
            guard let other = best[name] else {
                best[name] = found
                continue
            }
            let isAlike = other.rank == found.rank && found.isWhole
            if isAlike, other.summary.rawCRC32C != found.summary.rawCRC32C {
                throw Problem(
                    .archiveConflict, "there are two different files of segment \(name)",
                    detail: "'\(other.place)' and '\(found.place)'",
                    hint: "Find out which of them is this server's, and name only the folder that has it.")
            }
            if (found.rank, found.reach) > (other.rank, other.reach) {
                best[name] = found
            }
        }
        return best.values.sorted { $0.name.fileName < $1.name.fileName }
    }
}
