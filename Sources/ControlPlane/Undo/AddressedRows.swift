import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repair
import Repository
import ServiceModel

/// Rows that are read by their addresses alone, and what a copy in which they are read has to have.
///
/// A copy of a large database takes its time and its room; of the moments just before and just after some
/// transactions no more is wanted than the pages that their rows lie in, the catalogs, and where long values
/// are kept. Replay passes over what was left out, as PostgreSQL can be told to.
struct AddressedRows {
    private let needed: NeededBlocks
    private let files: [RelationLocator]

    /// Nil where rows may have to be read in another way: all those of a table that was emptied, written anew
    /// or dropped, those that a condition of a person's own chooses, and definitions.
    ///
    /// - Parameter now: a whole copy, which tells where long values are kept.
    init?(of footprint: TransactionFootprint, _ request: UndoRequest, _ now: PrivateCopy) throws {
        guard Self.suffice(for: footprint, request) else { return nil }
        var needed = NeededBlocks()
        for (file, tracks) in footprint.relations {
            var blocks: Set<UInt32> = []
            for track in tracks {
                for address in [track.before, track.after, track.now] {
                    if let address { blocks.insert(address.block) }
                }
                for write in track.steps + track.later {
                    if let address = write.address { blocks.insert(address.block) }
                }
            }
            needed.blocks[file] = blocks
        }
        files = footprint.relations.keys.sorted()
        // Every database is looked into when a copy has recovered.
        for (database, name) in try Self.databases(of: now) {
            let inside = try now.connect(name)
            defer { inside.close() }
            let numbers = try Self.besides(files.filter { $0.database == database }, inside)
            needed.whole[database, default: []].formUnion(numbers)
            needed.whole[.none, default: []].formUnion(numbers)
        }
        self.needed = needed
    }

    /// Whether no more than the rows' own pages can be asked for; what is not known yet may still forbid it.
    static func suffice(for footprint: TransactionFootprint, _ request: UndoRequest) -> Bool {
        footprint.made.isEmpty && footprint.dropped.isEmpty && !footprint.touchesCatalogs
            && request.condition == nil && request.conditionAfter == nil
    }

    /// Nil where a copy could not be had of them: a table's file may have been copied from another one, with
    /// its database.
    func layout(for prepared: PreparedRestore) throws(Problem) -> PartialLayout? {
        let backups = BackupRepository(layout: prepared.layout)
        guard let backup = try backups.find(prepared.planned.plan.backupName) else { return nil }
        let layout = try PartialLayout(needed, of: backup, in: prepared.layout)
        return files.allSatisfy(layout.hasBlocks) ? layout : nil
    }

    /// Whether a copy has what is read beside the rows' pages; its planner is told that there are no indexes
    /// of tables, as these are not there.
    func settle(in copy: PrivateCopy, _ layout: PartialLayout) throws -> Bool {
        for (database, name) in try Self.databases(of: copy) {
            let own = files.filter { $0.database == database }
            guard !own.isEmpty else { continue }
            let inside = try copy.connect(name)
            defer { inside.close() }
            guard try Self.besides(own, inside).allSatisfy(layout.isWhole), try !Self.readsForTexts(inside)
            else { return false }
            try inside.execute(
                """
                UPDATE pg_catalog.pg_class SET relhasindex = false
                WHERE relhasindex AND relkind IN ('r', 'm', 'p') AND oid >= \(Self.firstNormalNumber)
                """)
        }
        return true
    }

    private static let firstNormalNumber = TransactionFootprint.firstNormalNumber

    /// Those that admit anybody.
    private static func databases(of copy: PrivateCopy) throws -> [(ObjectID, String)] {
        let rows = try copy.connect("postgres").query(
            "SELECT oid::text, datname FROM pg_catalog.pg_database WHERE datallowconn AND datconnlimit <> -2"
        ).rows
        return rows.compactMap { row in
            guard let number = row[0].flatMap({ UInt32($0) }), let name = row[1] else { return nil }
            return (ObjectID(number), name)
        }
    }

    /// Whether the text of a value may come from a function of the users' own, which could read any table.
    private static func readsForTexts(_ inside: Connection) throws(Problem) -> Bool {
        try inside.query(
            """
            SELECT 1 FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
            JOIN pg_catalog.pg_language l ON l.oid = p.prolang
            JOIN pg_catalog.pg_type t ON t.oid = c.casttarget
            WHERE t.typcategory = 'S' AND l.lanname NOT IN ('internal', 'c')
            """
        ).count > 0
    }

    /// Numbers of the files of system catalogs, where these were written anew, and of those in which long
    /// values of tables are kept, each with its indexes.
    private static func besides(_ files: [RelationLocator], _ inside: Connection) throws(Problem) -> [UInt32]
    {
        let spaces = "{" + files.map(\.tablespace.description).joined(separator: ",") + "}"
        let numbers = "{" + files.map { String($0.number) }.joined(separator: ",") + "}"
        return try inside.query(
            """
            WITH toast AS (
                SELECT c.reltoastrelid AS oid FROM unnest($1::oid[], $2::oid[]) AS f (space, number)
                JOIN pg_catalog.pg_class c
                    ON c.oid = pg_catalog.pg_filenode_relation(f.space, f.number)
                WHERE c.reltoastrelid <> 0
            ), kept AS (
                SELECT oid FROM pg_catalog.pg_class WHERE oid < \(firstNormalNumber)
                UNION SELECT oid FROM toast
                UNION SELECT i.indexrelid FROM pg_catalog.pg_index i JOIN toast t ON t.oid = i.indrelid
            )
            SELECT number::text FROM (SELECT pg_catalog.pg_relation_filenode(oid) AS number FROM kept) AS n
            WHERE number >= \(firstNormalNumber)
            """, [spaces, numbers]
        ).firstColumn.compactMap { UInt32($0) }
    }
}

extension ControlPlane {
    /// A copy in which rows are read by their addresses: with no more than that where it can be, else whole.
    func makePrivateCopy(
        _ prepared: PreparedRestore, _ role: String, _ operation: RunningOperation, of rows: AddressedRows?
    ) throws -> PrivateCopy {
        guard let rows, let layout = try rows.layout(for: prepared) else {
            return try makePrivateCopy(prepared, role, operation)
        }
        do {
            let copy = try makePrivateCopy(prepared, role, operation, partial: layout)
            do {
                if try rows.settle(in: copy, layout) { return copy }
            } catch {
                copy.remove()
                throw error
            }
            copy.remove()
        } catch {
            // What one with holes cannot do a whole one may; if not, it says so itself.
            try cancellation.check()
            if (error as? Problem)?.code == .insufficientStorage { throw error }
        }
        return try makePrivateCopy(prepared, "whole-" + role, operation)
    }
}
