import Platform
import PostgresClient
import PostgresFormat

/// A logical subscription of a copy, as it was before it was cut off.
public struct CutSubscription: Sendable, Hashable {
    public var database: String
    public var name: String
    /// The slot on the publisher that the source reads.
    public var slot: String?
    public var wasEnabled: Bool
    /// Whether its slot has to decode prepared transactions.
    public var isTwoPhase: Bool
}

/// A copy keeps to itself: what would act on the outside by itself is switched off before anybody else can
/// get in, and what does so when it is used is named.
extension RestoreExecutor {
    /// Switches off all subscriptions of the copy and takes their slots' names away.
    ///
    /// The slots are the source's: a copy that used one would take changes that the source then never gets.
    /// `pg_subscription` is shared by all databases, and changing its rows fires no event triggers, as ALTER
    /// SUBSCRIPTION would. The publisher is not spoken to.
    func cutSubscriptions(_ connection: Connection) throws(Problem) -> [CutSubscription] {
        let found = try connection.transaction { () throws(Problem) in
            // A transaction in doubt that has written here could switch one on later: it holds up this lock.
            try connection.execute("LOCK TABLE pg_catalog.pg_subscription IN SHARE ROW EXCLUSIVE MODE")
            let found = try connection.query(
                """
                SELECT d.datname, s.subname, s.subslotname, s.subenabled::text AS enabled,
                    (s.subtwophasestate <> 'd')::text AS two_phase
                FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
                ORDER BY 1, 2
                """)
            try connection.query(
                """
                UPDATE pg_catalog.pg_subscription SET subenabled = false, subslotname = NULL
                WHERE subenabled OR subslotname IS NOT NULL
                """)
            return found
        }
        let left = try connection.query(
            "SELECT 1 FROM pg_catalog.pg_subscription WHERE subenabled OR subslotname IS NOT NULL")
        guard left.isEmpty else {
            throw Problem(.recoveryFailed, "the copy's subscriptions could not be switched off")
        }
        return (0..<found.count).compactMap { row in
            guard let database = found[row, "datname"], let name = found[row, "subname"] else { return nil }
            return CutSubscription(
                database: database, name: name, slot: found[row, "subslotname"],
                wasEnabled: found[row, "enabled"] == "true", isTwoPhase: found[row, "two_phase"] == "true")
        }
    }

    /// Forgets the tables that a subscription of this database had not wholly copied yet.
    ///
    /// Each has a slot of its own on the publisher, by a name that source and copy share: DROP SUBSCRIPTION
    /// in the copy would connect and drop the source's. The tables that are known no more are copied anew by
    /// ALTER SUBSCRIPTION … REFRESH PUBLICATION.
    func forgetUnfinishedTables(_ connection: Connection) throws(Problem) -> [String] {
        try connection.query(
            "UPDATE pg_catalog.pg_subscription_rel SET srsubstate = 'r' WHERE srsubstate = 's'")
        return try connection.query(
            """
            DELETE FROM pg_catalog.pg_subscription_rel WHERE srsubstate <> 'r'
            RETURNING pg_catalog.format('%I.%s', pg_catalog.current_database(), srrelid::regclass)
            """
        ).firstColumn
    }

    /// What reaches out of a database when somebody uses it, in words.
    func reachesOut(_ connection: Connection) throws(Problem) -> [String] {
        try connection.query(
            """
            SELECT pg_catalog.format('%I: %s', pg_catalog.current_database(), what) FROM (
                SELECT 1 AS kind, pg_catalog.format('foreign server %I of %I, user mappings: %s', s.srvname,
                    w.fdwname, (SELECT count(*) FROM pg_catalog.pg_user_mapping m WHERE m.umserver = s.oid))
                FROM pg_catalog.pg_foreign_server s
                JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
                UNION ALL
                SELECT 2, pg_catalog.format('extension %I', extname) FROM pg_catalog.pg_extension
                WHERE extname::text IN ('dblink', 'http', 'pg_net', 'pg_cron', 'pg_background', 'pg_partman',
                    'pglogical', 'aws_s3', 'azure_storage', 'azure_ai', 'plsh', 'pg_timetable', 'timescaledb')
                UNION ALL
                SELECT 3, pg_catalog.format('untrusted language %I', lanname) FROM pg_catalog.pg_language
                WHERE NOT lanpltrusted AND lanname::text NOT IN ('internal', 'c')
            ) AS found (kind, what) ORDER BY kind, what
            """
        ).firstColumn
    }
}
