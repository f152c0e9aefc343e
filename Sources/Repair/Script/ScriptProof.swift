public import Platform
public import PostgresClient
public import PostgresFormat

/// Compares what a script did on a copy, as the WAL of that copy tells, with what it was to do.
///
/// Nobody else writes in the copy, and its triggers are off.
public struct ScriptProof {
    private let connection: Connection
    private let tables: [PlannedTable]
    private let makesObjects: Bool

    /// - Parameters:
    ///   - connection: to the copy's database, with canonical settings.
    ///   - makesObjects: whether the script makes tables and other objects: the catalogs are then looked at
    ///     by whoever knows which.
    public init(
        _ connection: Connection, _ tables: [PlannedTable], makesObjects: Bool = false
    ) throws(Problem) {
        self.connection = connection
        self.makesObjects = makesObjects
        var found: [PlannedTable] = []
        for table in tables {
            var known = table
            if table.isDropped {
                let number = try connection.query(
                    "SELECT to_regclass($1)::oid::text", [table.shape.name.text]
                ).scalar.flatMap { UInt32($0) }
                known.shape.number = ObjectID(number ?? 0)
            }
            found.append(known)
        }
        self.tables = found
    }

    /// What was done between two positions of WAL.
    public struct Work: Sendable {
        public var footprint: TransactionFootprint?
        /// What is there besides the rows and indexes that a script writes.
        public var strangers: [String] = []

        /// None.
        public init() {}

        init(_ footprint: TransactionFootprint?, _ strangers: [String]) {
            self.footprint = footprint
            self.strangers = strangers
        }
    }

    /// Reads the copy's WAL.
    ///
    /// - Parameters:
    ///   - records: visits the records of that stretch, in order.
    ///   - rolledBack: of a transaction that was rolled back instead of committed.
    ///   - transactions: how many it may be at most.
    public static func work(
        rolledBack: Bool = false, transactions: Int = 1,
        _ records: ((borrowing WALRecord) -> Void) throws(Problem) -> Void
    ) throws(Problem) -> Work {
        var ends: [TransactionDetails] = []
        var writers: Set<TransactionID> = []
        var strangers: [String] = []
        try records { record in
            if let end = record.transactionDetails {
                if rolledBack ? end.end.kind.isAbort : end.end.kind.isCommit { ends.append(end) }
            } else if record.xid.isNormal {
                writers.insert(record.xid)
                if !Self.writesRows(record) {
                    strangers.append("\(record.resourceManager?.name ?? "an extension") at \(record.start)")
                }
            }
        }
        let working = ends.filter { end in
            writers.contains(end.end.xid) || end.subtransactions.contains(where: writers.contains)
        }
        guard let end = working.first else { return Work(nil, strangers) }
        if working.count > transactions { strangers.append("\(working.count) transactions") }
        var collector = FootprintCollector(Set(working.flatMap { [$0.end.xid] + $0.subtransactions }))
        try records { collector.add($0) }
        if let place = collector.unreadable { strangers.append("a record at \(place)") }
        return Work(collector.footprint(end), strangers)
    }

    /// Whether the record belongs to the writing of rows and of their indexes.
    private static func writesRows(_ record: borrowing WALRecord) -> Bool {
        switch record.resourceManager {
        case .heap?, .heap2?, .btree?, .hash?, .gin?, .gist?, .spGist?, .brin?, .generic?, .xlog?,
            .multiXact?, .transaction?, .standby?:
            true
        default: false
        }
    }

    /// What differs between the work and the plan; nothing where the script did exactly what it was to do.
    ///
    /// The addresses of the rows that it took are those at which they were found, and the rows that it left
    /// read as they were wanted.
    public func differences(_ work: Work) throws(Problem) -> [String] {
        var found = makesObjects ? [] : work.strangers.map { "the script left more than rows: \($0)" }
        guard let footprint = work.footprint else {
            if tables.contains(where: { !$0.writes.isEmpty }) { found.append("the script changed nothing") }
            return found
        }
        let owners = try TableReader(connection).owners(
            of: footprint.relations.keys.sorted())
        var tracks: [ObjectID: [(owner: TableReader.Owner, track: RowTrack)]] = [:]
        for (file, rows) in footprint.relations where !rows.isEmpty {
            let isCatalog = owners[file]?.isCatalog ?? footprint.isOfCatalog(file)
            if makesObjects, isCatalog { continue }
            guard let owner = owners[file] else {
                found.append("the script wrote to file \(file)")
                continue
            }
            if owner.kind == .toast { continue }
            let number = tables.contains { $0.shape.number == owner.root } ? owner.root : owner.relation
            tracks[number, default: []] += rows.map { (owner, $0) }
        }
        for number in tracks.keys.sorted() where !tables.contains(where: { $0.shape.number == number }) {
            found.append(
                "the script changed \(tracks[number]?.first.map { "\($0.owner.name)" } ?? "a table")")
        }
        for table in tables { found += try differences(of: table, tracks[table.shape.number] ?? []) }
        return found
    }

    /// Rows that were written besides the planned ones, by table: what its triggers do.
    public func additions(_ work: Work) throws(Problem) -> [String] {
        guard let footprint = work.footprint else { return [] }
        let owners = try TableReader(connection).owners(of: footprint.relations.keys.sorted())
        var counts: [String: Int] = [:]
        for (file, rows) in footprint.relations {
            guard let owner = owners[file], owner.kind == .table else { continue }
            let table = tables.first { [owner.root, owner.relation].contains($0.shape.number) }
            counts["\(table?.shape.name ?? owner.name)", default: 0] += rows.count
        }
        for table in tables { counts["\(table.shape.name)", default: 0] -= table.writes.count }
        return counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { name, count in
            "\(name): \(count) \(count == 1 ? "row" : "rows") more"
        }
    }

    /// Places of rows that do not read as they are wanted, in tables with a key; in the session's own
    /// transaction.
    ///
    /// - Parameter wholly: also in columns that the script does not set.
    public func overwritten(wholly: Bool = false) throws(Problem) -> [(table: ObjectID, row: Int)] {
        var found: [(table: ObjectID, row: Int)] = []
        for table in tables where !table.isDropped {
            guard let key = table.shape.key else { continue }
            let writes = table.writes.filter { $0.wanted != nil }
            let rows = try RowReader(connection).rows(
                of: table.shape, by: key, writes.map { write in key.columns.map { write.wanted?[$0] ?? nil } }
            )
            for (write, row) in zip(writes, rows) {
                let places = wholly || write.action == .insert ? table.shape.written : write.columns
                let isKept = places.allSatisfy { place in
                    row.map { $0.cells[place] } == write.wanted.map { $0[place] }
                }
                if !isKept {
                    found.append((table.shape.number, write.row))
                }
            }
        }
        return found
    }

    private struct Place: Hashable {
        let relation: ObjectID
        let address: RowAddress
    }

    private func differences(
        of table: PlannedTable, _ tracks: [(owner: TableReader.Owner, track: RowTrack)]
    ) throws(Problem) -> [String] {
        var found: [String] = []
        let taken = Set(
            tracks.compactMap { owner, track in
                track.before.map { Place(relation: owner.relation, address: $0) }
            })
        let planned = Set(
            table.writes.filter { $0.action != .insert }.compactMap { write in
                write.address.map { Place(relation: write.relation ?? table.shape.number, address: $0) }
            })
        if taken != planned {
            found.append(
                "\(table.shape.name): \(taken.count) rows were taken and \(planned.count) planned, or others")
        }
        var left: [Cell: Int] = [:]
        for (relation, rows) in Dictionary(grouping: tracks, by: \.owner.relation) {
            let name = rows.first { $0.owner.relation == relation }?.owner.name
            guard let name else { continue }
            let cells = try RowReader(connection).rows(
                of: table.shape, in: name, at: rows.compactMap(\.track.after))
            for cells in cells.values { left[RowText.of(cells, table.shape), default: 0] += 1 }
        }
        var wanted: [Cell: Int] = [:]
        for write in table.writes {
            if let cells = write.wanted { wanted[RowText.of(cells, table.shape), default: 0] += 1 }
        }
        if left != wanted {
            let other = Set(left.keys).symmetricDifference(wanted.keys)
            found.append(
                "\(table.shape.name): \(left.values.reduce(0, +)) rows were left and "
                    + "\(wanted.values.reduce(0, +)) planned, \(other.count) of them unlike each other")
        }
        return found
    }
}
