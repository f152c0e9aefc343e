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
}
