import Catalog
import Holdings
import Platform
import Repository
public import ServiceModel

/// Restores from the paired location. Base backups and archived WAL are those that the pair holds; the first
/// location is only asked for what is not there yet, and one that cannot be read is no obstacle.
extension ControlPlane {
    public func geoRestore(
        _ request: RestoreRequest, location: String, for accepted: AcceptedWork? = nil,
        announce: (PlannedRestore) -> Void
    ) throws -> RestoreResult {
        let source = try geoSource(of: request, location: location)
        return try restore(request, from: source, kind: .geoRestore, for: accepted, announce: announce) {
            try self.prepareGeoRestore(request, source, for: accepted)
        }
    }

    /// Reads the pair, brought up to date where that is possible; else the pair as it is, and says so.
    private func prepareGeoRestore(
        _ request: RestoreRequest, _ source: ServerRow, for accepted: AcceptedWork?
    ) throws -> PreparedRestore {
        let pair = source.location
        var reason = "server \(source.name) was deleted"
        if let first = try kept(id: source.id), first.phase == .complete {
            do {
                try bringToPair(first)
                var live = first
                live.location = pair
                return try ControlPlane(self, readingFrom: paths.paired(pair))
                    .prepare(request, source: live, checkName: true, for: accepted)
            } catch let problem as Problem where problem.code == .canceled {
                throw problem
            } catch {
                reason = "location \(first.location) cannot be read (\(Self.problem(from: error).message))"
            }
        }
        let asked = clock.now()
        let view = pairView(source)
        var prepared = try view.prepare(request, source: source, checkName: true, for: accepted)
        var notes = [
            "Restored from \(pair) alone, because \(reason): nothing later than \(view.clock.now()) is known there."
        ]
        if case .time(let time) = request.target, time.instant > asked {
            notes.append("\(time.instant) is in the future: taken as now.")
        }
        prepared.planned.notes = notes + prepared.planned.notes
        return prepared
    }

    /// Reads what the paired location holds of a server, which ends at the last moment known there.
    func pairView(_ source: ServerRow) -> ControlPlane {
        let repositories = paths.paired(source.location)
        let reader = ControlPlane(self, readingFrom: repositories, at: clock.now())
        let window = reader.reader(of: source).window()
        return ControlPlane(self, readingFrom: repositories, at: window.latest ?? clock.now())
    }

    /// The server as its pair knows it: in the pair's location, and without a data directory.
    func geoSource(of request: RestoreRequest, location: String) throws -> ServerRow {
        var row = try anySource(of: request)
        guard let wanted = AzureLocation.find(location) else {
            throw AzureLocation.unknown(location)
        }
        guard let pair = Self.pair(of: row) else {
            throw Problem(
                .operationNotSupported,
                "Unable to geo-restore server \(row.name): it was made without geo-redundant backups.",
                hint: "They can be chosen only when a server is made, with --geo-redundant-backup Enabled.")
        }
        guard wanted == pair else {
            throw Problem(
                .invalidParameterValue,
                "Server \(row.name) of location \(row.location) cannot be geo-restored to \(wanted.name).",
                detail: "its backups are kept in \(pair.name)", hint: "Use --location \(pair.name).")
        }
        let layout = RepositoryFolder(paths.paired(pair.name)).layout(row.id)
        let backups = (try? BackupRepository(layout: layout).list()) ?? []
        guard backups.contains(where: { $0.damage == nil }) else {
            throw Problem(
                .geoBackupsNotAvailable,
                "Unable to geo-restore server \(row.name) as its geo-backups aren't available yet.",
                hint: "'pitr serve' copies them by itself, 'pitr maintain' does it now.")
        }
        row.location = pair.name
        row.phase = .dropped
        return row
    }

    /// The server that is meant, whether it is there or was deleted.
    private func anySource(of request: RestoreRequest) throws -> ServerRow {
        do {
            return try source(of: request)
        } catch let problem as Problem where problem.code == .resourceNotFound {
            if let row = try? droppedSource(of: request) { return row }
            throw problem
        }
    }
}
