import Catalog
import ServiceModel

/// The accepted operation that work is done for.
///
/// Only what is given it takes the operation over: whatever else the work does are operations of their own.
public struct AcceptedWork: Sendable {
    let operation: Operation

    var id: String { operation.row.id }

    /// Whether a server has got the name of the one that the operation was accepted for, which was deleted
    /// meanwhile: what was meant for one is not done to the other.
    func isSuccessor(_ row: ServerRow) -> Bool {
        let own = operation.row
        guard let meant = own.resourceID, !own.serverID.isEmpty, own.serverID != row.id else { return false }
        let found = ResourceID.server(resourceGroup: row.resourceGroup, name: row.name)
        return "\(meant)/".hasPrefix("\(found)/")
    }
}
