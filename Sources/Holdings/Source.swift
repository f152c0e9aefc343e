public import Platform
public import PostgresClient
public import Repository

/// Where the backups and the WAL of one PostgreSQL come from: its repository, and the cluster itself where
/// that can be read. A server of pitr's, a deleted one and its paired location differ here and nowhere above.
public struct Source: Sendable {
    /// What people call it.
    public var name: String
    public var layout: RepositoryLayout
    /// The cluster; nil where the repository is all there is.
    public var cluster: SourceCluster?
    /// What was seen of the end of its WAL; nil where nobody keeps that.
    public var knownEnd: KnownEndFile?
    /// What was found out about it and others before; nil where all is looked at each time.
    public var memory: SourceMemory?

    public init(
        name: String, layout: RepositoryLayout, cluster: SourceCluster? = nil, knownEnd: KnownEndFile? = nil,
        memory: SourceMemory? = nil
    ) {
        self.name = name
        self.layout = layout
        self.cluster = cluster
        self.knownEnd = knownEnd
        self.memory = memory
    }
}

/// A cluster that is read and never written: by the replication protocol while it runs, else by its files.
public struct SourceCluster: Sendable {
    /// PGDATA, with `pg_wal` and `global/pg_control` in it.
    public var dataDirectory: String
    /// Whether a postmaster works on it now.
    public var isRunning: @Sendable () -> Bool
    /// How a superuser session is opened that may replicate; throws where the cluster does not run.
    public var parameters: @Sendable () throws(Problem) -> ConnectionParameters
    /// What was received of a cluster whose own files cannot be read; nil for one of this machine. The
    /// session may only replicate then.
    public var received: ReceiverFolder?

    /// A cluster elsewhere, which is read by the replication protocol alone.
    public init(
        received: ReceiverFolder, parameters: @escaping @Sendable () throws(Problem) -> ConnectionParameters
    ) {
        self.received = received
        dataDirectory = received.path
        isRunning = { false }
        self.parameters = parameters
    }

    public init(
        dataDirectory: String, isRunning: @escaping @Sendable () -> Bool,
        parameters: @escaping @Sendable () throws(Problem) -> ConnectionParameters
    ) {
        self.dataDirectory = dataDirectory
        self.isRunning = isRunning
        self.parameters = parameters
    }

    var walDirectory: String { dataDirectory + "/pg_wal" }
}
