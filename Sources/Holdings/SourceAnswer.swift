import Platform
import PostgresClient
import PostgresFormat

/// Who answers where an attached source is looked for.
enum SourceAnswer: Hashable, Sendable {
    /// The source itself.
    case source
    /// A standby, of it or of another one: it may lag behind.
    case standby
    /// Another cluster, with that system identifier.
    case other(UInt64)

    init(systemIdentifier: UInt64, isStandby: Bool, expected: UInt64) {
        if systemIdentifier != expected {
            self = .other(systemIdentifier)
        } else {
            self = isStandby ? .standby : .source
        }
    }

    init(_ connection: ReplicationConnection, expected: UInt64) throws(Problem) {
        let identity = try connection.identifySystem()
        self.init(
            systemIdentifier: identity.systemIdentifier,
            isStandby: try connection.show("in_hot_standby") == "on", expected: expected)
    }

    /// What is said of whoever answers in the source's place; nil for the source.
    var remark: String? {
        switch self {
        case .source: nil
        case .standby:
            "A standby answers at the source's address: only what was received of the source is taken."
        case .other(let identifier):
            "Another cluster (system identifier \(identifier)) answers at the source's address: only what "
                + "was received of the source is taken."
        }
    }
}
