import Catalog
import Holdings
import Instance
public import Planning
public import Platform
public import PostgresFormat
import Repository
public import ServiceModel
public import WALEvents

/// What is held of a server and what happened on it. This is the only place that makes a source of a server.
extension ControlPlane {
    /// - Parameter row: of a server that is there, of a deleted one, or of one as its pair knows it.
    func reader(of row: ServerRow) -> SourceReader {
        SourceReader(source(row), clock: clock, cancellation: cancellation, progress: progress)
    }

    private func source(_ row: ServerRow) -> Source {
        Source(
            name: row.name, layout: layout(row), cluster: row.phase == .complete ? cluster(row) : nil,
            knownEnd: isOfPair ? nil : KnownEndFile(path: paths.knownEnd(row.id)), memory: sourceMemory)
    }

    /// A folder's path for WAL that is read from a source.
    func newTailDirectory() -> String {
        paths.operation(TailFolder.name(of: .current))
    }

    /// The events of a server in the order of its WAL, with what is held of it.
    ///
    /// Nothing is written, not to the source either.
    ///
    /// - Parameters:
    ///   - server: a name in the group, a resource id, or the id of a deleted server.
    ///   - known: the server as it was told a moment ago; nil to look at it.
    public func history(
        of server: String, resourceGroup: String, _ query: EventQuery, known: ServerDetails? = nil
    ) throws -> ServerHistory {
        let row = try source(of: RestoreRequest(resourceGroup: resourceGroup, sourceServer: server))
        let pin = try DirectoryLock.wait(paths.pin(row.id), .shared)
        defer { pin.release() }
        let tailDirectory = newTailDirectory()
        defer { try? DurableFiles.removeTree(tailDirectory) }
        do {
            let reader = reader(of: row)
            let held = try reader.held(for: .latest, tailDirectory: tailDirectory)
            var history = ServerHistory(server: try known ?? details(row, withUsage: false))
            history.backups = held.inventory.backups.sorted { $0.stopLSN < $1.stopLSN }
            history.earliest = held.inventory.earliest
            history.latest = held.inventory.earliest == nil ? nil : held.inventory.latest
            history.from = query.from ?? history.earliest
            history.to = query.to ?? history.latest
            history.happened = try reader.history(query, held)
            return history
        } catch {
            throw Self.problem(from: error)
        }
    }

    // MARK: WAL as data

    /// Visits the records of a server's WAL in order, until `visit` answers false; the answer tells where and
    /// why it ended sooner than asked for. With each comes what it is about or names by numbers, as it is
    /// called where the record begins; nothing where that is not known.
    public func readWAL(
        _ server: ServerReference, _ selection: WALPart,
        _ visit: (borrowing WALRecord, [RecordMention]) throws(Problem) -> Bool
    ) throws -> [ReadingEnd] {
        let reader = reader(of: try find(server, .kept))
        var names = try names(at: selection, reader)
        return try reader.records(selection, tailDirectory: newTailDirectory()) { (record) throws(Problem) in
            let goesOn = try visit(record, names?.mentions(in: record) ?? [])
            names?.take(record)
            return goesOn
        }
    }

    /// Nil where the catalogs cannot be followed up to there: WAL is shown all the same.
    private func names(at selection: WALPart, _ reader: SourceReader) throws -> RecordNames? {
        do {
            return try reader.names(at: selection, tailDirectory: newTailDirectory())
        } catch {
            let problem = Self.problem(from: error)
            guard problem.code != .canceled else { throw problem }
            return nil
        }
    }

    /// Counts the records of a server's WAL, the archived ones on all processors.
    public func walStatistics(
        _ server: ServerReference, _ selection: WALPart
    ) throws -> (WALStatistics, [ReadingEnd]) {
        try reader(of: find(server, .kept)).statistics(selection, tailDirectory: newTailDirectory())
    }

    /// Visits the records in a file that the caller may read.
    public static func readWAL(
        file path: String, _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws(Problem) -> WALEnd? {
        try WALFile.records(path: path, visit)
    }

    /// Counts the records in a file that the caller may read, on all processors.
    public static func walStatistics(file path: String) throws(Problem) -> (WALStatistics, WALEnd?) {
        try WALFile.statistics(path: path)
    }

    // MARK: Indexes

    /// The state of every segment's index, in the order of WAL; each is read wholly.
    public func walIndexes(_ server: ServerReference) throws -> [WALIndexEntry] {
        try reader(of: find(server, .kept)).indexes()
    }

    /// Makes indexes anew from WAL, on all processors: those that are not present, or every one.
    ///
    /// Expiry passes over the server meanwhile.
    public func rebuildWALIndexes(_ server: ServerReference, all: Bool) throws -> [WALIndexEntry] {
        try rebuildIndexes(of: find(server, .kept), all: all)
    }

    func rebuildIndexes(of row: ServerRow, all: Bool) throws -> [WALIndexEntry] {
        let pin = try DirectoryLock.wait(paths.pin(row.id), .shared)
        defer { pin.release() }
        return try reader(of: row).rebuildIndexes(all: all)
    }
}
