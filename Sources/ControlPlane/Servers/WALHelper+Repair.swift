import Catalog
import Instance
import Platform
import ServiceModel

extension WALHelper {
    /// Whether an installed helper is there, can be run by its owner, and is what its name says.
    static func isSound(_ path: String) -> Bool {
        guard let status = DurableFiles.status(path), status.kind == .file,
            status.permissions & 0o500 == 0o500,
            let file = try? OpenFile(reading: path), let checksum = try? checksum(of: file)
        else { return false }
        return path.hasSuffix("-" + hex(checksum))
    }
}

extension ControlPlane {
    /// Puts the helper back that a running server's archive command names, where it is missing or damaged.
    func repairHelper(_ row: ServerRow, dryRun: Bool) throws -> [MaintenanceAction] {
        guard state(row) == .ready else { return [] }
        let instance = try instance(row)
        let settings = try DurableFiles.read(instance.paths.settingsFile)
        guard let path = Self.helper(in: String(decoding: settings, as: UTF8.self), below: paths.helpers),
            !WALHelper.isSound(path)
        else { return [] }
        let reason = DurableFiles.status(path) == nil ? "it is missing" : "it is damaged"
        return [
            act(row.name, "repair-helper", path, reason + ", so nothing is archived", dryRun: dryRun) {
                let helper = try WALHelper.install(into: paths.helpers, checking: true)
                // That of an earlier version cannot be made again: the server gets the one of this version.
                if helper.path != path {
                    let lock = try lockServer(row)
                    defer { lock.release() }
                    try configure(row)
                }
                // PostgreSQL then tries again at once.
                try instance.reload()
            }
        ]
    }

    /// The path of the helper that a server's settings name.
    private static func helper(in settings: String, below directory: String) -> String? {
        let prefix = directory + "/pitr-wal-"
        guard let start = settings.firstRange(of: prefix) else { return nil }
        return prefix + settings[start.upperBound...].prefix { $0 != "'" && $0 != "\n" }
    }
}
