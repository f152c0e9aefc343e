/// PostgreSQL's resource managers: which part of the server wrote a WAL record (PostgreSQL 15's numbers).
public enum ResourceManager: UInt8, CaseIterable, Sendable {
    case xlog = 0
    case transaction = 1
    case storage = 2
    case commitLog = 3
    case database = 4
    case tablespace = 5
    case multiXact = 6
    case relationMap = 7
    case standby = 8
    case heap2 = 9
    case heap = 10
    case btree = 11
    case hash = 12
    case gin = 13
    case gist = 14
    case sequence = 15
    case spGist = 16
    case brin = 17
    case commitTimestamp = 18
    case replicationOrigin = 19
    case generic = 20
    case logicalMessage = 21

    /// The name that `pg_waldump` prints.
    public var name: String {
        switch self {
        case .xlog: "XLOG"
        case .transaction: "Transaction"
        case .storage: "Storage"
        case .commitLog: "CLOG"
        case .database: "Database"
        case .tablespace: "Tablespace"
        case .multiXact: "MultiXact"
        case .relationMap: "RelMap"
        case .standby: "Standby"
        case .heap2: "Heap2"
        case .heap: "Heap"
        case .btree: "Btree"
        case .hash: "Hash"
        case .gin: "Gin"
        case .gist: "Gist"
        case .sequence: "Sequence"
        case .spGist: "SPGist"
        case .brin: "BRIN"
        case .commitTimestamp: "CommitTs"
        case .replicationOrigin: "ReplicationOrigin"
        case .generic: "Generic"
        case .logicalMessage: "LogicalMessage"
        }
    }

    /// Whether PostgreSQL accepts the number: its own managers, and 128 and above for extensions.
    static func isValid(_ number: UInt8) -> Bool {
        number <= ResourceManager.logicalMessage.rawValue || number >= 128
    }
}
