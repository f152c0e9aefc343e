public import Platform
public import PostgresClient
public import PostgresFormat

/// One side of a comparison: a database as one snapshot sees it. Nothing is written, and no code of the
/// database is run but the output functions of its types.
public struct ComparedSide: Sendable {
    private let parameters: ConnectionParameters
    private let pace: ReadingPace?
    /// As `pg_export_snapshot` names it: further sessions see the same.
    private let snapshot: String

    /// What reads a side: its snapshot ends with the holder's session.
    public final class Holder {
        public let side: ComparedSide
        let connection: Connection
        /// Where WAL ended when the snapshot had been taken: that has every commit that it sees.
        private let end: LSN

        /// - Parameter parameters: of the tool's own superuser.
        public init(_ parameters: ConnectionParameters, pace: ReadingPace?) throws(Problem) {
            connection = try Connection(parameters)
            // What a session reads of the catalogs for the first time may be written to WAL as a hint, which
            // gets to the disk when its transaction ends: this one, before the one that stays open.
            _ = try connection.query(ServerQueries.endOfRecords)
            try ComparedSide.begin(connection)
            guard let snapshot = try connection.query("SELECT pg_catalog.pg_export_snapshot()").scalar,
                let end = LSN(try connection.query(ServerQueries.endOfRecords).scalar ?? "")
            else { throw Problem(.queryFailed, "the server names no snapshot, or not where its WAL ends") }
            self.end = end
            side = ComparedSide(parameters: parameters, pace: pace, snapshot: snapshot)
        }

        public func close() { connection.close() }

        /// Keeps relations from being written anew while they are read; what was since the snapshot was taken
        /// has no known file then.
        func lock(_ relations: inout [ComparedRelation]) throws(Problem) {
            try connection.execute("SAVEPOINT batch")
            for relation in relations {
                try connection.execute("SELECT FROM ONLY \(relation.name.sql) LIMIT 0")
            }
            let numbers = "{" + relations.map(\.number.description).joined(separator: ",") + "}"
            // Functions see the catalogs as they are, not as they were.
            let files = try connection.query(
                """
                SELECT o.oid::text AS oid, pg_catalog.pg_relation_filenode(o.oid)::text AS node,
                    (pg_catalog.pg_relation_size(o.oid) / 8192)::text AS pages
                FROM pg_catalog.unnest($1::oid[]) AS o(oid)
                """, [numbers])
            var found: [UInt32: (node: UInt32?, pages: UInt64)] = [:]
            for row in 0..<files.count {
                guard let number = files[row, "oid"].flatMap({ UInt32($0) }) else { continue }
                found[number] = (
                    files[row, "node"].flatMap { UInt32($0) },
                    files[row, "pages"].flatMap { UInt64($0) } ?? 0
                )
            }
            for place in relations.indices {
                let file = found[relations[place].number.rawValue]
                if file?.node != relations[place].file?.number { relations[place].file = nil }
                relations[place].pages = max(relations[place].pages, file?.pages ?? 0)
            }
        }

        /// Gives back what `lock` took.
        func unlock() throws(Problem) {
            try connection.execute("ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch")
        }

        /// Where WAL ends that has every commit that the snapshot sees; all of it is on the disk then.
        ///
        /// A record that nobody waits for, such as that of an asynchronous commit, may not get there by
        /// itself.
        ///
        /// - Parameter isCopy: whether a record may be written then that does.
        ///
        /// Throws `.queryFailed` where WAL did not get to the disk.
        public func writtenWAL(isCopy: Bool, _ cancellation: CancellationFlag) throws(Problem) -> LSN {
            if try isFlushed(end, within: 0.5, cancellation) { return end }
            guard isCopy else {
                // A server that has nothing to do gets there within some fifteen seconds.
                let bytes = try connection.query(
                    "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())::text")
                let isLarge = (bytes.scalar.flatMap { UInt64($0) } ?? 0) > Self.readAtOnce
                if try isFlushed(end, within: isLarge ? 20 : 1, cancellation) { return end }
                throw Problem(
                    .queryFailed,
                    "the server has not written its newest WAL, up to \(end), to its disk yet, which a server "
                        + "with nothing to do puts off")
            }
            let writer = try Connection(side.parameters)
            defer { writer.close() }
            // What this commit waits for lies behind the end.
            try writer.execute("SET synchronous_commit = local")
            try writer.execute("SELECT pg_catalog.pg_logical_emit_message(true, 'pitr', '')")
            if try isFlushed(end, within: 30, cancellation) { return end }
            throw Problem(.queryFailed, "WAL up to \(end) did not get to the disk within 30 seconds")
        }

        /// A database of that many bytes is read before it is worth waiting for.
        private static let readAtOnce: UInt64 = 512 << 20

        private func isFlushed(
            _ end: LSN, within seconds: Double, _ cancellation: CancellationFlag
        ) throws(Problem) -> Bool {
            let watch = Stopwatch()
            while true {
                let flushed = try connection.query("SELECT pg_catalog.pg_current_wal_flush_lsn()::text")
                guard let reached = LSN(flushed.scalar ?? "") else {
                    throw Problem(.queryFailed, "the server does not say how far its WAL is on the disk")
                }
                if reached >= end { return true }
                guard watch.seconds < seconds else { return false }
                try cancellation.check()
                Pause.milliseconds(20)
            }
        }
    }

    private static func begin(_ connection: Connection) throws(Problem) {
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try connection.execute(settings)
    }

    /// Whoever alters a table is not waited for without end, nor held up.
    private static let settings =
        CanonicalText.settings(local: true) + "\nSET LOCAL jit = off; SET LOCAL lock_timeout = '10s'"

    /// One more session in the same snapshot.
    func open() throws(Problem) -> Connection {
        let connection = try Connection(parameters)
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try connection.execute("SET TRANSACTION SNAPSHOT \(SQLText.literal(snapshot))")
        try connection.execute(Self.settings)
        return connection
    }

    /// The pages that one statement reads: little where a rate is to be kept.
    private var pagesAtOnce: UInt64 { pace == nil ? 4096 : 64 }

    /// The pages that are read where only some are.
    private var listedPagesAtOnce: Int { pace == nil ? 512 : 64 }

    /// Hands over the digests of the rows on some pages of a relation, and their texts where they are short.
    func digests(
        of relation: ComparedRelation, key: [String], pages: [UInt32], _ work: ComparedWork,
        _ body: (RowDigest, UnsafeRawBufferPointer?) throws(Problem) -> Void
    ) throws(Problem) {
        guard !pages.isEmpty else { return }
        let connection = try open()
        defer { connection.close() }
        let rows = DigestSelect(relation, key, work, withTexts: true)
        for start in stride(from: 0, to: pages.count, by: listedPagesAtOnce) {
            let list = pages[start..<min(start + listedPagesAtOnce, pages.count)]
            // The planner makes each of the pairs a range of addresses.
            let stretch = """
                ONLY \(relation.name.sql) AS r WHERE r.ctid >= pg_catalog.format('(%s,0)', p.p)::tid
                    AND r.ctid < pg_catalog.format('(%s,0)', p.p + 1)::tid
                """
            var bytes = UInt64(list.count) * 8192
            let numbers = list.map(String.init).joined(separator: ",")
            _ = try connection.copyOut(
                "COPY (SELECT i.* FROM pg_catalog.unnest('{\(numbers)}'::bigint[]) AS p(p), "
                    + "LATERAL (\(rows.sql(from: stretch)) OFFSET 0) AS i) TO STDOUT",
                cancellation: work.cancellation
            ) { (row) throws(Problem) in
                let digest = try DigestLine.checked(row)
                bytes += UInt64(digest.length)
                try body(digest, DigestLine.text(row))
            }
            work.progress.advance(bytes: UInt64(list.count) * 8192)
            try pace?.wait(for: bytes, work.cancellation)
        }
    }

    /// The rows that one statement reads where they are named one by one.
    private var listedRowsAtOnce: Int { pace == nil ? 8192 : 512 }

    /// Hands over the digests of the rows of a relation that lie at some addresses, and their texts where
    /// they are short.
    func digests(
        of relation: ComparedRelation, key: [String], rows: [RowAddress], _ work: ComparedWork,
        _ body: (RowDigest, UnsafeRawBufferPointer?) throws(Problem) -> Void
    ) throws(Problem) {
        guard !rows.isEmpty else { return }
        let connection = try open()
        defer { connection.close() }
        let select = DigestSelect(relation, key, work, withTexts: true)
        for start in stride(from: 0, to: rows.count, by: listedRowsAtOnce) {
            let list = rows[start..<min(start + listedRowsAtOnce, rows.count)]
            let addresses = list.map { "\"\($0)\"" }.joined(separator: ",")
            // As a constant, the planner fetches the rows by these addresses.
            let stretch = "ONLY \(relation.name.sql) AS r WHERE r.ctid = ANY ('{\(addresses)}'::tid[])"
            var bytes: UInt64 = 0
            _ = try connection.copyOut(
                "COPY (\(select.sql(from: stretch))) TO STDOUT", cancellation: work.cancellation
            ) { (row) throws(Problem) in
                let digest = try DigestLine.checked(row)
                bytes += UInt64(digest.length)
                try body(digest, DigestLine.text(row))
            }
            let pages = Set(list.map(\.block)).count
            work.progress.advance(bytes: UInt64(pages) * 8192)
            try pace?.wait(for: max(bytes, UInt64(pages) * 8192), work.cancellation)
        }
    }

    /// Reads the rows of a relation, some pages at a time.
    ///
    /// - Parameter body: gets the FROM clause of a stretch of it, in which the table is `r`, and answers how
    ///   many bytes the rows had.
    private func forEachStretch(
        of relation: ComparedRelation, _ work: ComparedWork,
        _ body: (String) throws(Problem) -> UInt64
    ) throws(Problem) {
        var next: UInt64 = 0
        repeat {
            try work.cancellation.check()
            let end = next + pagesAtOnce
            let isLast = end >= relation.pages
            let bytes = try body(
                "ONLY \(relation.name.sql) AS r WHERE r.ctid >= '(\(next),0)'"
                    + (isLast ? "" : " AND r.ctid < '(\(end),0)'"))
            let pages = min(end, max(relation.pages, next)) - next
            work.progress.advance(bytes: pages * 8192)
            try pace?.wait(for: max(bytes, pages * 8192), work.cancellation)
            next = end
        } while next < relation.pages
    }

    /// Adds up all rows of a relation.
    func sums(
        of relation: ComparedRelation, buckets: Int, _ connection: Connection, _ work: ComparedWork
    ) throws(Problem) -> BucketSums {
        var sums = BucketSums(count: buckets)
        try forEachStretch(of: relation, work) { (stretch) throws(Problem) in
            let answer = try connection.query(
                """
                SELECT q.h & \(buckets - 1), pg_catalog.count(*), pg_catalog.sum(q.h), pg_catalog.sum(q.l),
                    pg_catalog.sum(q.n)
                FROM (SELECT \(work.hash("i.i", 0)) AS h, \(work.hash("i.i", 1)) AS l,
                        pg_catalog.octet_length(i.i) AS n
                    FROM (SELECT \(ComparedRelation.image(relation.columns)) AS i
                        FROM \(stretch) OFFSET 0) AS i OFFSET 0) AS q
                GROUP BY 1
                """)
            var bytes: UInt64 = 0
            for row in answer.rows {
                guard let bucket = row[0].flatMap({ Int($0) }), sums.sums.indices.contains(bucket),
                    let rows = row[1].flatMap({ UInt64($0) }), let high = row[2].flatMap({ Int128($0) }),
                    let low = row[3].flatMap({ Int128($0) })
                else { throw Problem(.queryFailed, "the server's sums cannot be read") }
                sums.add(
                    bucket: bucket, rows: rows, high: UInt64(truncatingIfNeeded: high),
                    low: UInt64(truncatingIfNeeded: low))
                bytes += row[4].flatMap { UInt64($0) } ?? 0
            }
            return bytes
        }
        return sums
    }

    /// Hands over the digests of the rows in some buckets of a relation.
    func digests(
        of relation: ComparedRelation, key: [String], buckets: Int, wanted: [Int], _ work: ComparedWork,
        _ body: (RowDigest) throws(Problem) -> Void
    ) throws(Problem) {
        let connection = try open()
        defer { connection.close() }
        let list = wanted.map(String.init).joined(separator: ",")
        let rows = DigestSelect(relation, key, work)
        try forEachStretch(of: relation, work) { (stretch) throws(Problem) in
            var bytes: UInt64 = 0
            _ = try connection.copyOut(
                """
                COPY (SELECT * FROM (\(rows.sql(from: stretch)) OFFSET 0) AS i
                    WHERE (i.h & \(buckets - 1)) = ANY ('{\(list)}'::bigint[])) TO STDOUT
                """, cancellation: work.cancellation
            ) { (row) throws(Problem) in
                let digest = try DigestLine.checked(row)
                bytes += UInt64(digest.length)
                try body(digest)
            }
            return bytes
        }
    }
}

/// What all of a comparison shares.
public struct ComparedWork: Sendable {
    let cancellation: CancellationFlag
    let progress: any ProgressReporter
    private let seeds: (UInt64, UInt64)
    /// Where files may lie while it works.
    let folder: String
    /// What there is for them.
    let room: DiskRoom
    /// Whether one side came from the other.
    let descends: Bool

    /// - Parameters:
    ///   - folder: where files may lie while it works.
    ///   - room: what there is for them.
    ///   - descends: whether one side is a copy of the other, or of a copy of it.
    public init(
        folder: String, room: DiskRoom, descends: Bool, _ progress: any ProgressReporter,
        _ cancellation: CancellationFlag
    ) {
        self.folder = folder
        self.room = room
        self.descends = descends
        self.progress = progress
        self.cancellation = cancellation
        seeds = (UInt64.random(in: 1...UInt64.max), UInt64.random(in: 1...UInt64.max))
    }

    /// Where a dump of definitions may lie for a moment.
    public var schemaFile: String { folder + "/schema.sql" }

    /// A half of the hash of a text. The text has the collation "C", so that its bytes are hashed.
    func hash(_ text: String, _ half: Int) -> String {
        let seed = Int64(bitPattern: half == 0 ? seeds.0 : seeds.1)
        return "pg_catalog.hashtextextended(\(text), '\(seed)'::bigint)"
    }
}
