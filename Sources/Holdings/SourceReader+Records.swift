public import Planning
public import Platform
public import PostgresFormat
import Repository

/// WAL as data: what is archived, and what the source itself has beyond that.
extension SourceReader {
    /// Visits the records in order, until `visit` answers false; the answer tells where and why WAL ended
    /// sooner than asked for.
    ///
    /// Of a segment or a range, what is not archived yet is read from the source, or from its files where it
    /// is stopped.
    ///
    /// - Parameter tailDirectory: made if WAL is read from the source, and removed at the end.
    public func records(
        _ selection: WALPart, tailDirectory: String,
        _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws -> [ReadingEnd] {
        let archive = archive
        let tail = try WALTail(self, directory: tailDirectory, isWanted: selection != .whole)
        defer { tail.remove() }
        var ends: [ReadingEnd] = []
        var goesOn = true
        for part in try Self.parts(selection, of: archive, tail) where goesOn {
            let end = try archive.records(part, beyond: tail.file) { (record) throws(Problem) in
                try cancellation.check()
                goesOn = try visit(record)
                return goesOn
            }
            if let end { ends.append(end) }
        }
        return try judged(ends, tail)
    }

    /// Counts the records, the archived ones on all processors; otherwise as `records`.
    public func statistics(
        _ selection: WALPart, tailDirectory: String
    ) throws -> (WALStatistics, [ReadingEnd]) {
        let archive = archive
        let tail = try WALTail(self, directory: tailDirectory, isWanted: selection != .whole)
        defer { tail.remove() }
        var statistics = WALStatistics()
        var ends: [ReadingEnd] = []
        for part in try Self.parts(selection, of: archive, tail) {
            let (counted, end) = try archive.statistics(
                part, beyond: tail.file, cancellation: cancellation)
            statistics.append(counted)
            if let end { ends.append(end) }
        }
        return (statistics, try judged(ends, tail))
    }

    /// The ends with those told as damage behind which WAL goes on, as a plan finds it.
    private func judged(_ ends: [ReadingEnd], _ tail: WALTail) throws -> [ReadingEnd] {
        guard ends.contains(where: { if case .wal = $0 { true } else { false } }) else { return ends }
        tail.remove()
        let damaged = try held(for: .latest, tailDirectory: tail.directory).inventory.damaged
        return ends.map { end in
            guard case .wal(let wal) = end,
                let damage = damaged.first(where: { $0.position == wal.position })
            else { return end }
            return .damaged(wal.position, damage.reason)
        }
    }

    /// Checks the whole archive, on both processors, and whether it has all that the backups need.
    public func verifyArchive() throws -> ArchiveReport {
        let archive = archive
        // Before the segments: a backup that is listed has its WAL in the archive.
        let backups = try BackupRepository(layout: archive.layout).intact()
        var report = try archive.report(workers: 2, progress: progress, cancellation: cancellation)
        report.addNeeds(
            of: backups.map {
                KeptBackup(name: $0.name, timeline: $0.timeline, start: $0.startLSN, stop: $0.stopLSN)
            }, try HeldHistories(archive).parsed, try archive.layout.identity().segmentSize)
        return report
    }

    private static func parts(
        _ selection: WALPart, of archive: WALArchive, _ tail: WALTail
    ) throws -> [WALSelection] {
        switch selection {
        case .segment(let text):
            let size = try archive.layout.identity().segmentSize
            guard let name = SegmentName(fileName: text, size: size) else {
                throw Problem(
                    .usage, "'\(text)' is not the name of a segment",
                    hint: "Use a segment's 24 digits, LSN..LSN, or the path of a file.")
            }
            return [.segment(name)]
        case .range(let range, let timeline):
            if let timeline { return [.range(timeline, range)] }
            guard let newest = try newestTimeline(with: range.lowerBound, archive, tail) else {
                throw Problem(
                    .walMissing, "there is no WAL at \(range.lowerBound)",
                    detail: "neither the archive nor the server itself has it",
                    hint: "'pitr wal verify' lists what the archive holds.")
            }
            return [.range(newest, range)]
        case .whole:
            return Self.stretches(try archive.names().compactMap(\.walSegment).sorted())
        }
    }

    /// The newest timeline with WAL at a position. The server is asked only where the archive does not have
    /// that segment, or knows of a later timeline than it has it from.
    private static func newestTimeline(
        with position: LSN, _ archive: WALArchive, _ tail: WALTail
    ) throws -> TimelineID? {
        let number = position.rawValue / (try archive.layout.identity().segmentSize.bytes)
        let names = try archive.names()
        let archived = names.compactMap(\.walSegment).filter { $0.number == number }.map(\.timeline).max()
        if let archived, archived == names.map(\.timeline).max() { return archived }
        let own = try tail.segment(number)?.timeline
        return [archived, own].compactMap { $0 }.max()
    }

    /// The stretches without gaps.
    private static func stretches(_ names: [SegmentName]) -> [WALSelection] {
        var found: [(first: SegmentName, last: SegmentName)] = []
        for name in names {
            if let last = found.last?.last, name == last || name == last.next {
                found[found.count - 1].last = name
            } else {
                found.append((name, name))
            }
        }
        return found.map { .range($0.first.timeline, $0.first.start..<$0.last.end) }
    }
}
