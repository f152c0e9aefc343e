import Catalog
import GRDB
import Holdings
import Notation
import Platform
import PostgresFormat
import Repository
public import ServiceModel

/// Geo-redundant backups: a second repository in the paired location, kept up to date from the first.
extension ControlPlane {
    /// The location that keeps the second copy of a server's backups; nil where there is none.
    static func pair(of row: ServerRow) -> AzureLocation? {
        guard row.geoRedundantBackup else { return nil }
        return AzureLocation.find(row.location)?.pair.flatMap(AzureLocation.find)
    }

    /// Refuses geo-redundant backups in a location that has no pair.
    static func requirePair(of location: String) throws(Problem) {
        guard AzureLocation.find(location)?.pair == nil else { return }
        throw Problem(
            .operationNotSupported, "Geo-redundant backups are not supported in location '\(location)'.",
            detail: "it has no paired location",
            hint: "Choose a location that has one, 'local' or 'eastus' for example.")
    }

    /// Brings every second copy up to date, and says what that took; with `dryRun` only what is missing.
    public func copyToPairs(dryRun: Bool = false) throws -> [MaintenanceAction] {
        let candidates = try catalog.read {
            try ServerRow.filter(Column("geoRedundantBackup") == true)
                .filter(["complete", "dropped"].contains(Column("phase"))).fetchAll($0)
        }
        var actions: [MaintenanceAction] = []
        for row in candidates {
            // Where the first repository is gone the second stays as it is.
            guard let pair = Self.pair(of: row), layout(row).madeAt != nil,
                // Another process that copies is as good; expiry and purge wait for this one.
                let copying = try DirectoryLock.attempt(paths.pairLock(row.id)),
                let pin = try DirectoryLock.attempt(paths.pin(row.id), .shared)
            else { continue }
            defer {
                pin.release()
                copying.release()
            }
            let mirror = mirror(row, pair)
            guard let lag = try? mirror.lag(), lag.files > 0 || lag.backups > 0 || mirror.holdsExpired else {
                continue
            }
            actions.append(
                act(
                    row.name, "copy-to-pair", pair.name,
                    "\(lag.backups) \(lag.backups == 1 ? "backup" : "backups") and \(lag.files) "
                        + "\(lag.files == 1 ? "file" : "files") of WAL are not there", dryRun: dryRun
                ) {
                    try copy(row, pair, mirror, bytes: lag.bytes)
                })
        }
        return actions
    }

    /// Copies what the pair has not of one server, now; after whoever is copying already.
    func bringToPair(_ row: ServerRow) throws {
        guard let pair = Self.pair(of: row) else { return }
        let mirror = mirror(row, pair)
        let pin = try DirectoryLock.wait(paths.pin(row.id), .shared)
        defer { pin.release() }
        progress.begin("bringing \(pair.name) up to date", totalBytes: nil)
        defer { progress.end() }
        while true {
            let lock = try DirectoryLock.wait(
                paths.pairLock(row.id), .exclusive, atMost: 60, cancellation: cancellation)
            guard let lock else { continue }
            defer { lock.release() }
            return try copy(row, pair, mirror, bytes: try mirror.lag().bytes)
        }
    }

    private func copy(
        _ row: ServerRow, _ pair: AzureLocation, _ mirror: RepositoryMirror, bytes: UInt64
    ) throws {
        let room = try diskRoom(mirror.target.root)
        try room.require(bytes, for: "the second copy")
        _ = try RoomWatch.during("the second copy", in: room, expected: bytes, under: cancellation) {
            try mirror.run(cancellation: $0)
        }
        try copyDescription(row, pair)
    }

    private func mirror(_ row: ServerRow, _ pair: AzureLocation) -> RepositoryMirror {
        RepositoryMirror(
            source: layout(row), target: RepositoryFolder(paths.paired(pair.name)).layout(row.id))
    }

    private func copyDescription(_ row: ServerRow, _ pair: AzureLocation) throws {
        guard let bytes = try paths.layout(row.id).description() else { return }
        let target = mirror(row, pair).target
        if try target.description() != bytes { try target.write(description: bytes) }
    }

    /// How the second copy stands; nil for a server without one.
    func geoRedundancy(_ row: ServerRow) -> GeoRedundancy? {
        guard let pair = Self.pair(of: row) else { return nil }
        let mirror = mirror(row, pair)
        let view = ControlPlane(self, readingFrom: paths.paired(pair.name), at: clock.now())
        var row = row
        row.phase = .dropped
        let window = view.reader(of: row).window()
        let lag = try? mirror.lag()
        let now = clock.now().unixMicroseconds / 1_000_000
        return GeoRedundancy(
            location: pair.name, directory: mirror.target.root, isAvailable: window.earliest != nil,
            latestRestoreDate: window.latest, missingFiles: lag?.files, missingBytes: lag?.bytes,
            missingBackups: lag?.backups,
            lagSeconds: lag.map { $0.since.map { max(0, now - $0) } ?? 0 })
    }

    func removePaired(_ row: ServerRow) throws {
        guard let pair = Self.pair(of: row) else { return }
        try mirror(row, pair).target.remove()
    }
}
