public import Platform
import PostgresFormat
import PostgresClient
import Synchronization

/// Compares the data of one database on two sides.
public struct DatabaseComparer {
    private let here: ComparedSide.Holder
    private let there: ComparedSide.Holder
    private let work: ComparedWork
    private let touched: TouchedRows?
    private let wants: (QualifiedName) -> Bool
    /// Gets each row that differs.
    private let output: (QualifiedName, RowDifference) throws(Problem) -> Void
    private static let exampleCount = 5

    /// - Parameter touched: where alone rows can differ, if that is known.
    public init(
        here: ComparedSide.Holder, there: ComparedSide.Holder, _ work: ComparedWork, touched: TouchedRows?,
        wants: @escaping (QualifiedName) -> Bool,
        output: @escaping (QualifiedName, RowDifference) throws(Problem) -> Void
    ) {
        self.here = here
        self.there = there
        self.work = work
        self.touched = touched
        self.wants = wants
        self.output = output
    }

    /// Relations on both sides, of the same columns or not.
    private struct Pair: Sendable {
        var here: ComparedRelation
        var there: ComparedRelation

        var pages: UInt64 { here.pages + there.pages }
        var buckets: Int { BucketSums.count(forPages: max(here.pages, there.pages)) }

        /// Columns of a key that both have.
        var key: [String] { here.key.map { Cell($0) } == there.key.map { Cell($0) } ? here.key : [] }
    }

    /// Compares all rows, sequences and large objects that are wanted.
    public func compare(_ found: inout DatabaseComparison) throws(Problem) {
        let encodings = try (encoding(here), encoding(there))
        guard encodings.0 == encodings.1 else {
            found.leftOut.append(
                UncomparedPart(
                    subject: "rows",
                    reason: "the databases have the encodings \(encodings.0) and \(encodings.1)",
                    isShared: false))
            return
        }
        let pairs = try self.pairs(&found)
        work.progress.begin(
            "comparing rows of \(found.name)", totalBytes: pairs.reduce(0) { $0 + $1.pages } * 8192)
        defer { work.progress.end() }
        var batch: [Pair] = []
        for pair in pairs {
            batch.append(pair)
            guard batch.count >= 64 || batch.reduce(0, { $0 + $1.pages }) > 4096 else { continue }
            found.tables += try compare(batch)
            batch = []
        }
        if !batch.isEmpty { found.tables += try compare(batch) }
        found.tables.sort { $0.name < $1.name }
        try compareSequences(&found)
    }

    private func encoding(_ holder: ComparedSide.Holder) throws(Problem) -> String {
        try holder.connection.query("SHOW server_encoding").scalar ?? ""
    }

    /// What is to be compared; adds what is on one side only, and what is not compared.
    private func pairs(_ found: inout DatabaseComparison) throws(Problem) -> [Pair] {
        let mine = try ComparedCatalog(connection: here.connection).relations().filter { wants($0.name) }
        let its = try ComparedCatalog(connection: there.connection).relations().filter { wants($0.name) }
        var left: [ComparedCatalog.Name: ComparedRelation] = [:]
        for relation in its { left[.init(relation.name)] = relation }
        var pairs: [Pair] = []
        for relation in mine {
            guard let other = left.removeValue(forKey: .init(relation.name)) else {
                found.tables.append(TableComparison(name: relation.name, outcome: .onlyHere))
                continue
            }
            switch (relation.obstacle, other.obstacle) {
            case (nil, nil): pairs.append(Pair(here: relation, there: other))
            case (let reason?, let same?) where reason == same:
                found.leftOut.append(
                    UncomparedPart(subject: "\(relation.name)", reason: reason, relation: relation.name))
            case (let reason, let others):
                found.tables.append(
                    TableComparison(
                        name: relation.name, outcome: .incomparable(here: reason, there: others)))
            }
        }
        for relation in its where left[.init(relation.name)] != nil {
            found.tables.append(TableComparison(name: relation.name, outcome: .onlyThere))
        }
        return pairs
    }

    private func compare(_ batch: [Pair]) throws(Problem) -> [TableComparison] {
        var mine = batch.map(\.here)
        var its = batch.map(\.there)
        try here.lock(&mine)
        try there.lock(&its)
        try ComparedCatalog(connection: here.connection).fill(&mine)
        try ComparedCatalog(connection: there.connection).fill(&its)
        let made = try compareLocked(mine, its)
        try here.unlock()
        try there.unlock()
        return made
    }

    private func compareLocked(
        _ mine: [ComparedRelation], _ its: [ComparedRelation]
    ) throws(Problem) -> [TableComparison] {
        var made: [TableComparison] = []
        var pairs: [Pair] = []
        for (left, right) in zip(mine, its) {
            guard let ordered = right.ordered(as: left) else {
                made.append(
                    TableComparison(
                        name: left.name, outcome: .otherColumns(left.differences(from: right))))
                continue
            }
            pairs.append(Pair(here: Self.comparable(left), there: Self.comparable(ordered)))
        }
        var whole: [Pair] = []
        for pair in pairs {
            if case .some(let pages, let rows)? = extent(of: pair) {
                made.append(try table(pair, pages: pages, rows: rows))
            } else {
                whole.append(pair)
            }
        }
        let sums = try self.sums(whole)
        for (place, pair) in whole.enumerated() {
            made.append(try table(pair, sums[0][place], sums[1][place]))
        }
        return made
    }

    /// What of a relation has to be read on both sides; nil for all of it.
    private func extent(of pair: Pair) -> TouchedRows.Extent? {
        guard let touched, let file = pair.here.file, pair.here.isStored(as: pair.there) else { return nil }
        return touched.extent(of: file, pages: max(pair.here.pages, pair.there.pages))
    }

    /// The owner of a large object is compared by name: no dump of definitions has it, and roles have other
    /// numbers on another server.
    private static func comparable(_ relation: ComparedRelation) -> ComparedRelation {
        guard relation.name == ComparedCatalog.largeObjectNumbers else { return relation }
        var named = relation
        for place in named.columns.indices where named.columns[place].name == "lomowner" {
            named.columns[place].base = ComparedRelation.Column.owner
            named.columns[place].isPlain = false
        }
        return named
    }

    /// Of both sides, at the same time.
    private func sums(_ pairs: [Pair]) throws(Problem) -> [[BucketSums]] {
        let found = Mutex<[[BucketSums]]>([[], []])
        let (sides, work) = ([here.side, there.side], work)
        try Workers.run(2) { (index) throws(Problem) in
            let connection = try sides[index].open()
            defer { connection.close() }
            var sums: [BucketSums] = []
            for pair in pairs {
                sums.append(
                    try sides[index].sums(
                        of: index == 0 ? pair.here : pair.there, buckets: pair.buckets, connection, work))
            }
            found.withLock { $0[index] = sums }
        }
        return found.withLock { $0 }
    }

    // MARK: One table

    private func table(_ pair: Pair, _ mine: BucketSums, _ its: BucketSums) throws(Problem) -> TableComparison
    {
        var table = TableComparison(name: pair.here.name, outcome: .equal)
        (table.rowsHere, table.rowsThere) = (mine.rows, its.rows)
        table.key = pair.key
        let buckets = mine.differing(from: its)
        guard !buckets.isEmpty else { return table }
        let counts = [mine, its].map { $0.rows(in: buckets) }
        let rows = counts.max() ?? 0
        try work.room.require(
            counts.map(DigestSpool.bytes).reduce(0, +), for: "the hashes of the rows that may differ")
        let work = work
        let spools = try self.spools(pair, DigestSpool.parts(forRows: rows)) {
            (side, relation, spool) throws(Problem) in
            try side.digests(
                of: relation, key: pair.key, buckets: pair.buckets, wanted: buckets, work
            ) { (digest) throws(Problem) in try spool.add(digest) }
        }
        defer { removeSpools() }
        try merge(spools, pair, &table)
        return table
    }

    /// Of a table of which only the rows on these pages can differ, and these rows of others.
    private func table(
        _ pair: Pair, pages: [UInt32], rows: [RowAddress]
    ) throws(Problem) -> TableComparison {
        var table = TableComparison(name: pair.here.name, outcome: .equal)
        table.key = pair.key
        guard !pages.isEmpty || !rows.isEmpty else { return table }
        let count = UInt64(pages.count) * Self.rowsOfPage + UInt64(rows.count)
        let work = work
        let spools = try self.spools(pair, DigestSpool.parts(forRows: count), withTexts: true) {
            (side, relation, spool) throws(Problem) in
            let add = { (digest: RowDigest, text: UnsafeRawBufferPointer?) throws(Problem) in
                try spool.add(digest, text)
            }
            try side.digests(of: relation, key: pair.key, pages: pages, work, add)
            try side.digests(of: relation, key: pair.key, rows: rows, work, add)
        }
        defer { removeSpools() }
        try merge(spools, pair, &table)
        return table
    }

    /// As many as fit on one.
    private static let rowsOfPage: UInt64 = 300

    private func merge(
        _ spools: [DigestSpool], _ pair: Pair, _ table: inout TableComparison
    ) throws(Problem) {
        let reader = DifferenceReader(
            DifferenceReader.Side(here.connection, pair.here, spools[0].texts),
            DifferenceReader.Side(there.connection, pair.there, spools[1].texts), key: pair.key)
        for part in 0..<spools[0].parts {
            try work.cancellation.check()
            if pair.key.isEmpty {
                try RowCounts.compare(spools[0], spools[1], part: part) { (matches) throws(Problem) in
                    try add(matches, reader, &table)
                }
            } else {
                let matches = RowMatch.all(here: try spools[0].part(part), there: try spools[1].part(part))
                try add(matches, reader, &table)
            }
        }
    }

    private func add(
        _ matches: [RowMatch], _ reader: DifferenceReader, _ table: inout TableComparison
    ) throws(Problem) {
        try work.cancellation.check()
        for match in matches {
            switch match {
            case .onlyHere: table.onlyHere += 1
            case .onlyThere: table.onlyThere += 1
            case .different: table.different += 1
            }
        }
        if !matches.isEmpty { table.outcome = .different }
        try reader.read(matches) { (row) throws(Problem) in
            if row.kind == .different {
                for cell in row.cells { table.changedColumns[cell.column, default: 0] += 1 }
            }
            if table.examples.count < Self.exampleCount { table.examples.append(row.shortened) }
            try output(table.name, row)
        }
    }

    private func path(_ index: Int) -> String { "\(work.folder)/digests-\(index)" }

    private func removeSpools() {
        // Whatever stays goes with the operation's folder.
        for index in 0..<2 {
            _ = try? DurableFiles.removeFile(path(index))
            _ = try? DurableFiles.removeFile(path(index) + ".texts")
        }
    }

    /// Of both sides, read at the same time.
    private func spools(
        _ pair: Pair, _ parts: Int, withTexts: Bool = false,
        _ read:
            @escaping @Sendable (ComparedSide, ComparedRelation, inout DigestSpool) throws(Problem) -> Void
    ) throws(Problem) -> [DigestSpool] {
        let made = Mutex<[Int: DigestSpool]>([:])
        let (sides, paths, room) = ([here.side, there.side], [path(0), path(1)], work.room)
        try Workers.run(2) { (index) throws(Problem) in
            var spool = try DigestSpool(parts: parts, path: paths[index], room: room)
            if withTexts { spool.texts = try RowTexts(path: paths[index] + ".texts", room: room) }
            try read(sides[index], index == 0 ? pair.here : pair.there, &spool)
            spool.texts?.flush()
            let full = spool
            made.withLock { $0[index] = full }
        }
        return made.withLock { made in (0..<2).compactMap { made[$0] } }
    }

    // MARK: Sequences

    private func compareSequences(_ found: inout DatabaseComparison) throws(Problem) {
        let mine = try ComparedCatalog(connection: here.connection).sequences().filter { wants($0.name) }
        let its = try ComparedCatalog(connection: there.connection).sequences().filter { wants($0.name) }
        var left: [ComparedCatalog.Name: ComparedCatalog.SequenceState] = [:]
        for sequence in its { left[.init(sequence.name)] = sequence }
        for sequence in mine {
            let other = left.removeValue(forKey: .init(sequence.name))
            if let other, sequence.isUnlogged, other.isUnlogged {
                found.leftOut.append(
                    UncomparedPart(
                        subject: "\(sequence.name)", reason: "it is unlogged: every copy has it at its start",
                        relation: sequence.name))
                continue
            }
            found.sequenceCount += 1
            if let other, sequence.isSame(as: other, descends: work.descends) { continue }
            found.sequences.append(
                SequenceDifference(name: sequence.name, here: sequence.words, there: other?.words))
        }
        for sequence in its where left[.init(sequence.name)] != nil {
            found.sequenceCount += 1
            found.sequences.append(
                SequenceDifference(name: sequence.name, here: nil, there: sequence.words))
        }
    }
}
