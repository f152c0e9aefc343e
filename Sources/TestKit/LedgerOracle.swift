import Platform
import PostgresClient
public import PostgresFormat

/// The order of a server's commits as `pg_waldump` prints it: an opinion on "what was inside at T" that owes
/// nothing to the product's own decoder, nor to any client's clock.
public struct LedgerOracle: Sendable {
    /// A commit, abort or prepare record.
    public struct Record: Sendable, Hashable {
        public enum Kind: String, Sendable {
            case commit, abort, prepare
            case commitPrepared = "commit prepared"
            case abortPrepared = "abort prepared"

            /// PostgreSQL looks at the time of commits and aborts only.
            public var canStop: Bool { self != .prepare }
            public var commits: Bool { self == .commit || self == .commitPrepared }
        }

        public var kind: Kind
        /// Of the transaction that ended; for the second phase, of the one that had been prepared.
        public var xid: UInt32
        public var lsn: LSN
        public var time: PostgresTimestamp
    }

    /// What stands on both sides of a target.
    public struct Cut: Sendable {
        /// The last commit, abort or prepare inside; nil when none stands after the backup.
        public var lastInside: Record?
        public var firstOutside: Record?
        public var committed: Set<UInt32>
    }

    /// All records in WAL order.
    public let records: [Record]

    /// Reads the WAL of a running server from the segment that holds `start`: archived segments through
    /// `pitr wal get`, the rest out of its pg_wal.
    public static func read(_ product: ProductUnderTest, _ server: LedgerSource, from start: LSN) throws
        -> LedgerOracle
    {
        let connection = try server.superuser()
        defer { connection.close() }
        let state = try connection.query(
            "SELECT pg_current_wal_flush_lsn()::text AS l, timeline_id::text AS t FROM pg_control_checkpoint()"
        )
        guard let end = state[0, "l"].flatMap({ LSN($0) }), let number = state[0, "t"].flatMap({ UInt32($0) })
        else {
            throw Problem(.system, "the source does not tell its position")
        }
        let timeline = TimelineID(number)
        let folder = try product.scratch.directory("oracle")
        var segment = SegmentName(timeline: timeline, containing: start, size: .standard)
        // At a border nothing of the next segment is written, and there need be no file for it.
        let last = SegmentName(timeline: timeline, containing: LSN(end.rawValue - 1), size: .standard)
        while segment <= last {
            try fetch(product, server, segment, into: folder + "/" + segment.fileName)
            segment = segment.next
        }
        return LedgerOracle(
            records: try dump(
                folder, timeline: timeline,
                from: SegmentName(timeline: timeline, containing: start, size: .standard).start,
                to: end))
    }

    private static func fetch(
        _ product: ProductUnderTest, _ server: LedgerSource, _ segment: SegmentName, into path: String
    ) throws {
        let live = server.walDirectory + "/" + segment.fileName
        var words = ""
        // It may be archived, and its file be used for another segment, between the one look and the other.
        let isThere = try ProductUnderTest.eventually {
            _ = try DurableFiles.removeFile(path)
            let got = try product.run(["wal", "get", segment.fileName, path, "-s", server.name])
            if got.exitStatus == 0 { return true }
            let copied = try SystemCommands().run(Command("cp", ["--", live, path]))
            words = got.errors + copied.words
            return copied.succeeded
        }
        guard isThere else { throw Problem(.system, "\(segment) is nowhere", detail: words) }
    }

    /// Only up to `end`: behind it `pg_waldump` looks for more, and fails where a segment's end is the WAL's.
    private static func dump(_ folder: String, timeline: TimelineID, from start: LSN, to end: LSN) throws
        -> [Record]
    {
        let result = try SystemCommands().runChecked(
            Command(
                PostgresFixture.binDirectory + "/pg_waldump",
                [
                    "-p", folder, "-t", String(timeline.rawValue), "-s", start.description, "-e",
                    end.description, "--rmgr=Transaction",
                ],
                environment: ["TZ": "UTC", "PATH": "/usr/bin:/bin"], workingDirectory: "/",
                timeoutSeconds: 120))
        return try result.standardOutput.split(separator: "\n").compactMap { try record(String($0)) }
    }

    /// One line such as `rmgr: Transaction len … tx: 725, lsn: 0/03009588, prev …, desc: COMMIT 2026-11-21 …
    /// UTC; …`.
    ///
    /// The second phase names its transaction as `desc: COMMIT_PREPARED 725: 2026-…`, the first as
    /// `desc: PREPARE gid g: 2026-…`.
    static func record(_ line: String) throws(Problem) -> Record? {
        let unknown = Problem(.system, "pg_waldump said something unknown", detail: line)
        guard let xidText = line.between("tx:", ","), let lsnText = line.between("lsn: ", ","),
            let description = line.after("desc: "), let lsn = LSN(lsnText.filter { $0 != " " }),
            let word = description.split(separator: " ").first
        else { throw unknown }
        if word == "ASSIGNMENT" || word == "INVALIDATION" { return nil }
        let kinds: [Substring: Record.Kind] = [
            "COMMIT": .commit, "ABORT": .abort, "PREPARE": .prepare, "COMMIT_PREPARED": .commitPrepared,
            "ABORT_PREPARED": .abortPrepared, "ROLLBACK_PREPARED": .abortPrepared,
        ]
        guard let kind = kinds[word] else { throw unknown }
        var rest = description.dropFirst(word.count + 1)
        var xid = UInt32(xidText.filter { $0 != " " })
        switch kind {
        case .commit, .abort: break
        case .prepare:
            guard let place = rest.firstRange(of: ": ") else { throw unknown }
            rest = rest[place.upperBound...]
        case .commitPrepared, .abortPrepared:
            guard let place = rest.firstRange(of: ": ") else { throw unknown }
            xid = UInt32(rest[..<place.lowerBound])
            rest = rest[place.upperBound...]
        }
        let stamp = rest.prefix { $0 != "U" }.split(separator: " ").joined(separator: "T") + "Z"
        guard let xid, case .success(let time) = TimestampParser.parse(stamp) else { throw unknown }
        return Record(kind: kind, xid: xid, lsn: lsn, time: time.instant)
    }

    /// The state at `time`: everything up to the last record timed at or before it that stands before the
    /// first commit or abort timed after it. `boundary` is the end of the backup: a record before it bounds
    /// nothing.
    public func cut(at time: PostgresTimestamp?, after boundary: LSN) -> Cut {
        let stop =
            time.flatMap { time in records.firstIndex { $0.kind.canStop && $0.time > time } } ?? records.count
        let before = records[..<stop]
        let last = before.lastIndex { record in time.map { record.time <= $0 } ?? true }
        let inside = last.map { records[...$0] } ?? []
        return Cut(
            lastInside: inside.last.flatMap { $0.lsn >= boundary ? $0 : nil },
            firstOutside: stop < records.count ? records[stop] : nil,
            committed: Set(inside.filter(\.kind.commits).map(\.xid)))
    }
}

extension String {
    fileprivate func after(_ mark: String) -> Substring? {
        firstRange(of: mark).map { self[$0.upperBound...] }
    }

    fileprivate func between(_ mark: String, _ end: Character) -> Substring? {
        after(mark).map { $0.prefix { $0 != end } }
    }
}
