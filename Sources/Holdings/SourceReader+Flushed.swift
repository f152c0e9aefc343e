public import Platform
import PostgresClient
public import PostgresFormat
import Repository

extension SourceReader {
    /// Up to where a running source has flushed its WAL, as it says itself; nil where it does not run.
    /// Of an attached one that does not answer itself: what was received.
    ///
    /// - Throws: `.queryFailed` and `.serverIsNotReady` where it cannot be asked.
    public func flushedEnd() throws(Problem) -> LSN? {
        if let cluster = source.cluster, let received = cluster.received {
            do throws(Problem) {
                let connection = try ReplicationConnection(try cluster.parameters())
                defer { connection.close() }
                let expected = try layout.identity().systemIdentifier
                guard try SourceAnswer(connection, expected: expected) == .source else {
                    return received.status()?.durable
                }
                return try connection.identifySystem().flushLSN
            } catch {
                guard error.code == .queryFailed else { throw error }
                return received.status()?.durable
            }
        }
        guard let cluster = source.cluster, cluster.isRunning() else { return nil }
        return try Connection(try cluster.parameters()).query("SELECT pg_current_wal_flush_lsn()::text")
            .scalar.flatMap { LSN($0) }
    }

    /// Waits until what a running source has committed by now is on its disk: with synchronous_commit off,
    /// and where a transaction changed nothing, a commit is acknowledged up to three times wal_writer_delay
    /// before. What an open transaction has written may stay in memory for longer, and is not waited for. One
    /// that is not ours cannot be asked for that.
    ///
    /// - Throws: `.queryFailed` and `.serverIsNotReady` where it cannot be asked, `.canceled`.
    public func awaitFlush() throws(Problem) {
        guard let cluster = source.cluster, cluster.received == nil, cluster.isRunning() else { return }
        try awaitFlush(try Connection(try cluster.parameters()))
    }

    func awaitFlush(_ connection: Connection) throws(Problem) {
        guard let inserted = try connection.query(ServerQueries.endOfRecords).scalar else { return }
        let watch = Stopwatch()
        var promise: Double?
        while true {
            let flushed = try connection.query(
                "SELECT (pg_current_wal_flush_lsn() >= $1::pg_lsn)::text", [inserted])
            if flushed.scalar == "true" { return }
            if promise == nil { promise = 3 * (try Self.writerDelay(connection)) + 0.2 }
            guard let promise, watch.seconds < promise else { return }
            try cancellation.check()
            Pause.milliseconds(10)
        }
    }

    /// In seconds.
    private static func writerDelay(_ connection: Connection) throws(Problem) -> Double {
        let set = try connection.query(
            "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_writer_delay'")
        return (set.scalar.flatMap { Double($0) } ?? 200) / 1000
    }
}
