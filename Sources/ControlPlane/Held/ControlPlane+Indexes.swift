import Catalog
import GRDB
import Platform
public import PostgresFormat
import Repository
import Synchronization
import WALEvents

/// What is stored of the index of one archived segment.
public struct WALIndexEntry: Hashable, Sendable {
    public enum State: String, Hashable, Sendable {
        case present, missing, stale, damaged
        /// The segment itself cannot be read.
        case unusable
    }

    public let segment: SegmentName
    public let state: State
    /// Why it is not believed.
    public let reason: String?
    /// Of the compressed segment.
    public let segmentBytes: UInt64
    /// Of the index; 0 where there is none.
    public let indexBytes: UInt64
    /// Transactions that committed in the segment, where the index says.
    public let commits: UInt32?
}

extension WALIndexEntry {
    /// A push writes its segment's index a moment later; beyond so many seconds it did not.
    private static let pushSeconds: Int64 = 3600

    /// Whether maintenance makes the index anew.
    ///
    /// - Parameter stored: when the segment was stored; both in seconds since 1970.
    func isDue(storedAt stored: Int64, now: Int64) -> Bool {
        switch state {
        case .present, .unusable: false
        case .missing, .stale, .damaged: now - stored > Self.pushSeconds
        }
    }
}

extension ControlPlane {
    /// The state of every segment's index, in the order of the log; each is read wholly.
    public func walIndexes(_ server: ServerReference) throws -> [WALIndexEntry] {
        try walIndexes(WALArchive(layout: layout(try find(server, .kept))))
    }

    /// Makes indexes anew from the log, on all processors: those that are not present, or every one.
    ///
    /// Expiry passes over the server meanwhile.
    public func rebuildWALIndexes(_ server: ServerReference, all: Bool) throws -> [WALIndexEntry] {
        try rebuildWALIndexes(try find(server, .kept), all: all)
    }

    private func rebuildWALIndexes(_ row: ServerRow, all: Bool) throws -> [WALIndexEntry] {
        let pin = try DirectoryLock.wait(paths.pin(row.id), .shared)
        defer { pin.release() }
        let archive = WALArchive(layout: layout(row))
        let segments = try archive.segments().filter { !$0.isPartial }
        let states = try walIndexes(archive)
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
        return try walIndexes(archive)
    }

    /// Makes anew the indexes that are missing or were made from something else, in maintenance.
    func indexIfDue(_ row: ServerRow, dryRun: Bool) throws -> [MaintenanceAction] {
        let layout = layout(row)
        let now = clock.now().unixMicroseconds / 1_000_000
        let due = try walIndexes(WALArchive(layout: layout), extent: .summary).filter { entry in
            let stored = DurableFiles.status(layout.path(of: .segment(entry.segment)))
            return stored.map { entry.isDue(storedAt: $0.modified, now: now) } ?? false
        }
        guard let first = due.first else { return [] }
        let reason = first.reason ?? "there is none"
        return [
            act(
                row.name, "index-wal",
                due.count == 1 ? first.segment.fileName : "\(due.count) segments from \(first.segment) on",
                reason, dryRun: dryRun
            ) {
                _ = try rebuildWALIndexes(row, all: false)
            }
        ]
    }

    private func walIndexes(
        _ archive: WALArchive, extent: IndexExtent = .detail
    ) throws -> [WALIndexEntry] {
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
