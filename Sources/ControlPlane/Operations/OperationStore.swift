import Catalog
import GRDB
import PostgresFormat
import ServiceModel

/// The operations in the catalog: the only place that reads and writes their rows.
struct OperationStore: Sendable {
    let catalog: CatalogStore

    // MARK: Writing

    /// Writes a change and its line in one transaction; false, and nothing is written, when the operation
    /// does not stand any more as it did when the change was made.
    @discardableResult
    func write(_ change: OperationChange) throws -> Bool {
        try catalog.write { try Self.write(change, in: $0) }
    }

    /// As part of a change of the catalog that is under way.
    @discardableResult
    static func write(_ change: OperationChange, in database: Database) throws -> Bool {
        let row = change.operation.row
        let own = OperationRow.filter(key: row.id)
        let written: Int
        switch change.write {
        case .enter:
            try row.insert(database)
            written = 1
        case .take:
            written = try own.filter(Column("state") == OperationState.queued.rawValue).updateAll(
                database, Column("state").set(to: row.state.rawValue), Column("pid").set(to: row.pid),
                Column("processStart").set(to: row.processStart))
        case .takeOver:
            written = try own.filter(Column("begunAt") == nil).updateAll(
                database, Column("begunAt").set(to: row.begunAt?.description),
                Column("details").set(to: try CatalogJSON.text(row.details)))
        case .end:
            written = try own.updateAll(
                database, Column("state").set(to: row.state.rawValue),
                Column("endedAt").set(to: row.endedAt?.description),
                Column("error").set(to: row.error), Column("errorCode").set(to: row.errorCode))
        case .nothing: written = 1
        }
        guard written > 0 else { return false }
        try change.line?.insert(database)
        return true
    }

    // MARK: Reading

    /// Which operations are meant: all that fit every member which is given.
    struct Query {
        enum Order {
            case started, accepted, newest
        }

        var states: [OperationState] = []
        var kinds: [OperationKind] = []
        var server: String?
        var servers: [String] = []
        /// Those that read that server.
        var source: String?
        var group: String?
        var isAccepted = false
        var order = Order.started
        var limit: Int?

        static let open: [OperationState] = [.queued, .running]
    }

    func operation(_ id: String) throws -> Operation? {
        try catalog.read { try OperationRow.fetchOne($0, key: id) }.map(Operation.init)
    }

    func operations(_ query: Query) throws -> [Operation] {
        var request = OperationRow.all()
        if !query.states.isEmpty {
            request = request.filter(query.states.map(\.rawValue).contains(Column("state")))
        }
        if !query.kinds.isEmpty {
            request = request.filter(query.kinds.map(\.name).contains(Column("kind")))
        }
        if let server = query.server { request = request.filter(Column("serverID") == server) }
        if !query.servers.isEmpty {
            request = request.filter(query.servers.contains(Column("serverID")))
        }
        if let source = query.source { request = request.filter(Column("sourceServerID") == source) }
        if let group = query.group {
            request = request.filter(Column("resourceGroup").collating(.nocase) == group)
        }
        if query.isAccepted { request = request.filter(Column("acceptedAt") != nil) }
        switch query.order {
        case .started: request = request.order(Column("startedAt"), Column.rowID)
        case .accepted: request = request.order(Column("acceptedAt"), Column.rowID)
        case .newest: request = request.order(Column("startedAt").desc, Column.rowID.desc)
        }
        if let limit = query.limit { request = request.limit(limit) }
        let chosen = request
        return try catalog.read { try chosen.fetchAll($0) }.map(Operation.init)
    }

    /// Whether the activity log tells that the operation came to one of these.
    func isTold(_ id: String, _ phases: [ActivityStatus]) throws -> Bool {
        try catalog.read {
            try ActivityEvent.filter(Column("operationID") == id)
                .filter(phases.map(\.rawValue).contains(Column("status")))
                .fetchCount($0) > 0
        }
    }
}

extension ControlPlane {
    var operations: OperationStore { OperationStore(catalog: catalog) }
}
