import Catalog
import GRDB
public import Planning
public import Platform
public import PostgresFormat
import Repository

/// What of a server's archived log is meant.
public enum LogSelection: Hashable, Sendable {
    /// All of it.
    case whole
    /// A segment by its file name.
    case segment(String)
    /// From one position to before another; on the newest timeline that has the first, or on a given one.
    case range(Range<LSN>, timeline: TimelineID?)
}

/// The archived log as data.
extension ControlPlane {
    /// Visits the records of a server's archived log in order, until `visit` answers false; the answer tells
    /// where and why the log ended sooner than asked for.
    public func readLog(
        _ server: ServerReference, _ selection: LogSelection,
        _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws -> [ReadingEnd] {
        let archive = try archive(of: server)
        var ends: [ReadingEnd] = []
        var goesOn = true
        for part in try Self.parts(selection, of: archive) where goesOn {
            let end = try archive.records(part) { (record) throws(Problem) in
                if cancellation.isCancelled { throw Problem(.canceled, "the operation was cancelled") }
                goesOn = try visit(record)
                return goesOn
            }
            if let end { ends.append(end) }
        }
        return ends
    }

    /// Visits the records in a file that the caller may read.
    public static func readLog(
        file path: String, _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws(Problem) -> WALEnd? {
        try WALFile.records(path: path, visit)
    }

    /// Counts the records in a file that the caller may read, on all processors.
    public static func logStatistics(file path: String) throws(Problem) -> (WALStatistics, WALEnd?) {
        try WALFile.statistics(path: path)
    }

    /// Checks a server's whole archive, on both processors.
    public func verifyLog(_ server: ServerReference) throws -> ArchiveReport {
        try archive(of: server).report(workers: 2, progress: progress, cancellation: cancellation)
    }

    /// The archive of a server, also of a deleted one that can still be revived.
    private func archive(of server: ServerReference) throws -> WALArchive {
        let row = try catalog.read {
            try ServerRow.filter(Column("name") == server.name).order(Column("createdAt").desc).fetchOne($0)
        }
        guard let row else { throw Self.serverNotFound(server) }
        return WALArchive(layout: layout(row))
    }

    private static func parts(_ selection: LogSelection, of archive: WALArchive) throws -> [WALSelection] {
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
            let size = try archive.layout.identity().segmentSize
            if let timeline { return [.range(timeline, range)] }
            let names = try archive.names().compactMap(\.walSegment)
            let number = SegmentName(timeline: TimelineID(1), containing: range.lowerBound, size: size).number
            guard let newest = names.filter({ $0.number == number }).map(\.timeline).max() else {
                throw Problem(
                    .walMissing, "the archive has no segment with \(range.lowerBound)",
                    hint: "'pitr wal verify' lists what the archive holds.")
            }
            return [.range(newest, range)]
        case .whole:
            return Self.stretches(try archive.names().compactMap(\.walSegment).sorted())
        }
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
