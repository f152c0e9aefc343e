import Catalog
import Platform

/// Restores from the paired location.
extension ControlPlane {
    func geoSource(of request: RestoreRequest, location: String) throws -> ServerRow {
        throw Problem(
            .operationNotSupported,
            "Unable to geo-restore server \(request.sourceServer) as its geo-backups aren't available yet.")
    }

    public func geoRestore(
        _ request: RestoreRequest, location: String, announce: (PlannedRestore) -> Void
    ) throws -> RestoreResult {
        let source = try geoSource(of: request, location: location)
        return try restore(request, from: source, kind: .geoRestore, announce: announce)
    }
}
