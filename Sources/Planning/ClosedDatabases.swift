import PostgresFormat

/// Into which databases nobody gets while a prepared transaction holds its locks.
///
/// A session that begins on a server that has just recovered reads nearly every system catalog, so that a
/// lock on one of them in the strongest mode keeps everybody out: also whoever would end the transaction.
enum ClosedDatabases {
    /// Stands for all databases: the lock is on something that they share.
    static let all: UInt32 = 0
    /// The database `postgres`, in which the tool's own sessions work.
    static let own: UInt32 = 5

    /// By their numbers, in order.
    static func of(_ locks: [PreparedLock]) -> [UInt32] {
        Set(locks.compactMap(closed)).sorted()
    }

    private static func closed(by lock: PreparedLock) -> UInt32? {
        switch lock.subject {
        case .relation(let relation):
            let isCatalog = relation.rawValue < firstOther && !readLater.contains(relation.rawValue)
            return isCatalog && lock.mode == accessExclusive ? lock.database.rawValue : nil
        case .object(let catalog, let object):
            // A session locks its database as RowExclusiveLock does, so that nobody drops or renames it.
            return catalog == databases && lock.mode >= share ? object.rawValue : nil
        }
    }

    private static let share: Int32 = 5
    private static let accessExclusive: Int32 = 8
    private static let databases = ObjectID(1262)
    /// Numbers from here on are not those of catalogs that PostgreSQL itself needs.
    private static let firstOther: UInt32 = 10_000
    /// The catalogs of which a session reads nothing when it begins, as tried with PostgreSQL 15:
    /// `pg_attrdef`, `pg_depend`, `pg_shdepend`, `pg_description`, `pg_shdescription`, `pg_inherits`,
    /// `pg_init_privs`, `pg_largeobject`, `pg_largeobject_metadata`, `pg_policy`, `pg_seclabel`.
    private static let readLater: Set<UInt32> = [
        2604, 2608, 1214, 2609, 2396, 2611, 3394, 2613, 2995, 3256, 3596,
    ]
}

extension PreparedTransaction {
    /// Whether it keeps everybody out of all databases, or the tool out of its own.
    var locksOut: Bool {
        closedDatabases.contains(ClosedDatabases.all) || closedDatabases.contains(ClosedDatabases.own)
    }

    /// Its name as a statement has it, or its number where that is not known.
    public var words: String { name.map { "'\($0)'" } ?? xid.description }
}

extension RestorePlan {
    /// Whether nobody gets into a database of the copy, by its number as a query has it.
    public func closes(database number: String) -> Bool {
        inDoubt.contains { $0.closedDatabases.contains { $0.description == number } }
    }
}

extension RestorePlanner {
    /// Refuses a state of which nobody could make use, and answers what there is to know of the others.
    func hazards(ofPrepared inDoubt: [PreparedTransaction]) throws -> [Hazard] {
        if inDoubt.isEmpty { return [] }
        let obstacles = inDoubt.filter(\.locksOut)
        guard obstacles.isEmpty else { throw Refusal.lockedOut(by: obstacles) }
        let locks = Hazard(
            code: "prepared-transactions",
            message: "in doubt in the copy, where they hold their locks: \(inDoubt.count) two-phase "
                + (inDoubt.count == 1 ? "transaction" : "transactions")
                + " prepared and not ended at the target")
        return [locks]
            + inDoubt.filter { !$0.closedDatabases.isEmpty }.map { prepared in
                let numbers = prepared.closedDatabases.map(\.description).joined(separator: ", ")
                let before = prepared.lsn.map { "; the state before its PREPARE: --lsn \($0) --exclusive" }
                return Hazard(
                    code: "closed-database",
                    message: "nobody can connect to the database with the number \(numbers) in the copy: the "
                        + "prepared transaction \(prepared.words) holds a lock that every new session "
                        + "needs\(before ?? "")")
            }
    }
}
