import Catalog
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repair
import ServiceModel

/// Copies of moments between the first transaction's commit and now, made as they are asked for: which of
/// several transactions wrote a cell is seen there.
final class CopiesBetween {
    private let plane: ControlPlane
    private let request: UndoRequest
    private let source: ServerRow
    private let operation: RunningOperation
    private let database: String
    /// Nil from the first copy on that has to be whole: the others would have to be, too.
    private var rows: AddressedRows?
    private var made = 0
    private var current: PrivateCopy?
    /// Each takes the time of a restore: rows that more transactions wrote are left to a person.
    private static let limit = 16

    init(
        _ plane: ControlPlane, _ request: UndoRequest, _ source: ServerRow, _ operation: RunningOperation,
        _ database: String, _ rows: AddressedRows?
    ) {
        self.rows = rows
        self.plane = plane
        self.request = request
        self.source = source
        self.operation = operation
        self.database = database
    }

    /// A session in the copy of the moment just after a commit record, which takes the place of the one
    /// before; nil once there were too many.
    func session(_ commit: LSN) throws(Problem) -> Connection? {
        guard made < Self.limit else { return nil }
        made += 1
        remove()
        do {
            let prepared = try UndoSeeker(plane, request, source).prepare(
                .position(commit, exclusive: false))
            defer { prepared.release() }
            let copy = try plane.makePrivateCopy(prepared, "between-\(made)", operation, of: rows)
            if copy.isWhole { rows = nil }
            current = copy
            let connection = try copy.connectAsWorker(database)
            try RowReader.prepare(connection)
            return connection
        } catch {
            throw ControlPlane.problem(from: error)
        }
    }

    func remove() {
        current?.remove()
        current = nil
    }
}
