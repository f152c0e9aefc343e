/// Queries that more than one part of the house asks a server.
public enum ServerQueries {
    /// The position at which the last record written ends.
    ///
    /// The server tells where the next one will begin, maybe behind the header of a page that nobody began:
    /// after a switch of segments nothing is flushed up to there before somebody writes again.
    public static let endOfRecords = """
        SELECT (next - CASE WHEN place = 40 THEN 40 WHEN place % 8192 = 24 THEN 24 ELSE 0 END)::text
        FROM (SELECT pg_catalog.pg_current_wal_insert_lsn() AS next) AS position,
          LATERAL (SELECT (pg_catalog.pg_walfile_name_offset(next)).file_offset AS place) AS name
        """
}
