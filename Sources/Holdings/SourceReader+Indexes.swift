import Platform
import PostgresFormat
public import Repository
import Synchronization
public import WALEvents

/// The indexes of a source's archived segments.
extension SourceReader {
    /// Makes indexes anew from WAL, on all processors: those that are not present, or every one. The caller
    /// keeps expiry away meanwhile.
    public func rebuildIndexes(all: Bool) throws -> [WALIndexEntry] {
        let archive = archive
        let segments = try archive.segments().filter { !$0.isPartial }
        let states = try indexes()
        let wanted = zip(segments, states).enumerated().compactMap { place, pair in
            pair.1.state != .unusable && (all || pair.1.state != .present) ? place : nil
        }
        guard !wanted.isEmpty else { return states }
        progress.begin(
            "index \(wanted.count) segments", totalBytes: wanted.reduce(0) { $0 + segments[$1].storedBytes })
        defer { progress.end() }
        let progress = progress
        let cancellation = cancellation
        let runs = Self.runs(wanted)
        try Workers.spread(runs.count) { (number) throws(Problem) in
            for place in runs[number] {
                try cancellation.check()
                try archive.rebuildIndex(
                    of: segments[place], after: Self.predecessor(of: place, in: segments))
                progress.advance(bytes: segments[place].storedBytes)
            }
        }
        try archive.inheritAcrossIndexes(segments)
        return try indexes()
    }

    /// The state of every segment's index, in the order of WAL; each is read as far as told.
    public func indexes(_ extent: IndexExtent = .detail) throws -> [WALIndexEntry] {
        let archive = archive
        let segments = try archive.segments().filter { !$0.isPartial }
        let entries = Mutex([WALIndexEntry?](repeating: nil, count: segments.count))
        let cancellation = cancellation
        try Workers.spread(segments.count) { (place) throws(Problem) in
            try cancellation.check()
            let entry = try Self.entry(
                archive, segments[place], after: Self.predecessor(of: place, in: segments), extent)
            entries.withLock { $0[place] = entry }
        }
        return entries.withLock { $0.compactMap { $0 } }
    }

    private static func entry(
        _ archive: WALArchive, _ segment: ArchivedSegment, after predecessor: ArchivedSegment?,
        _ extent: IndexExtent
    ) throws(Problem) -> WALIndexEntry {
        func entry(_ state: WALIndexEntry.State, _ reason: String?, _ bytes: UInt64, _ commits: UInt32? = nil)
            -> WALIndexEntry
        {
            WALIndexEntry(
                segment: segment.name, state: state, reason: reason, segmentBytes: segment.storedBytes,
                indexBytes: bytes, commits: commits)
        }
        if let damage = segment.damage { return entry(.unusable, damage.description, 0) }
        switch try archive.storedIndex(of: segment, after: predecessor, extent: extent) {
        case .intact(let index, let bytes): return entry(.present, nil, bytes, index.summary.commits)
        case .missing: return entry(.missing, nil, 0)
        case .stale(let reason, let bytes): return entry(.stale, reason, bytes)
        case .damaged(let damage, let bytes): return entry(.damaged, damage.description, bytes)
        }
    }

    /// The segment directly before, on the same timeline, if it is stored.
    private static func predecessor(of place: Int, in segments: [ArchivedSegment]) -> ArchivedSegment? {
        guard place > 0, segments[place - 1].name.next == segments[place].name else { return nil }
        return segments[place - 1]
    }

    /// The most neighbours that one thread indexes one after the other: each learns from the one before.
    private static let longestRun = 16

    private static func runs(_ places: [Int]) -> [[Int]] {
        var runs: [[Int]] = []
        for place in places {
            if let last = runs.last?.last, last + 1 == place, runs[runs.count - 1].count < longestRun {
                runs[runs.count - 1].append(place)
            } else {
                runs.append([place])
            }
        }
        return runs
    }
}
