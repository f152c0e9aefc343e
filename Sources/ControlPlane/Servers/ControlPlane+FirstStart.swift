import Catalog
import Instance
import Platform
import ServiceModel

/// The first start of a server, long after its address was chosen.
extension ControlPlane {
    /// Addresses that somebody may take one after the other.
    private static let mostMoves = 5

    /// Starts a server that is still being made.
    ///
    /// Its address was free when it was chosen, and nobody listened there since: other state directories, and
    /// whoever else is on this machine, cannot know that it is owned. Where somebody listens there by now the
    /// server gets another one, unless the address was asked for.
    ///
    /// - Parameters:
    ///   - before: called once the server has been configured for another address.
    /// - Returns: the row, with the address that the server listens on.
    func startFirst(
        _ row: ServerRow, listen: String?, port: Int?, before: (PostgresInstance) throws -> Void = { _ in }
    ) throws -> ServerRow {
        var row = row
        for _ in 0..<Self.mostMoves {
            do {
                try instance(row).start()
                return row
            } catch {
                guard error.code == .portInUse, listen == nil else { throw error }
                try cancellation.check()
                row = try move(row, port: port)
                try before(instance(row))
            }
        }
        try instance(row).start()
        return row
    }

    /// Gives a stopped server another address, and the certificate and settings that tell it.
    private func move(_ row: ServerRow, port: Int?) throws -> ServerRow {
        let gate = try DirectoryLock.wait(paths.locks + "/names")
        defer { gate.release() }
        let endpoint = try chooseEndpoint(listen: nil, port: port)
        var moved = row
        (moved.host, moved.port) = (endpoint.address.description, Int(endpoint.port))
        try update(row.id) { ($0.host, $0.port) = (moved.host, moved.port) }
        try configure(moved)
        return moved
    }
}
