import Catalog
import Instance
import Platform
import PostgresClient
import PostgresFormat
public import ServiceModel

/// An upgrade that was thought through.
struct UpgradePlan {
    let row: ServerRow
    let old: PostgresInstallation
    let new: PostgresInstallation
    let dataBytes: UInt64
    /// Found while both were there.
    let copiedBytes: UInt64
    let sharesBlocks: Bool
    let files: UpgradeFiles
    /// The names of the directories of those that lie in the data directory.
    let tablespaces: [String]
    /// Of the old cluster, and so of the new one.
    let firstSuperuser: String

    var outlook: UpgradeOutlook {
        UpgradeOutlook(
            server: row.name, from: old.minorVersion, to: new.minorVersion, dataBytes: dataBytes,
            copiedBytes: copiedBytes, sharesBlocks: sharesBlocks,
            files: files.linked == nil ? .copied : .linked)
    }
}

/// Whether a server can be upgraded.
extension ControlPlane {
    /// Finds out whether a server could be upgraded, pg_upgrade's own checks included; changes nothing.
    ///
    /// - Parameter seconds: how long it waits for whoever else works on the server.
    /// - Throws: `.operationNotSupported` with what stands in the way; `.insufficientStorage` and others as
    ///   the upgrade itself.
    public func checkUpgrade(
        _ request: UpgradeRequest, waitingSeconds seconds: Double = 30
    ) throws -> UpgradeOutlook {
        let lock = try lockServer(try findComplete(request.server), seconds: seconds)
        defer { lock.release() }
        let row = try findComplete(request.server)
        let upgrade = try think(request, row)
        let folder = paths.operation("upgrade-\(Identifiers.fresh())")
        try DurableFiles.makeDirectories(folder, durable: false)
        defer {
            try? DurableFiles.removeTree(folder)
        }
        let id = Identifiers.fresh()
        defer { try? DurableFiles.removeTree(recoverySocketDirectory(id)) }
        let places = InstancePaths(
            data: folder + "/new-data", conf: folder + "/conf", log: folder,
            socketDirectory: recoverySocketDirectory(id))
        let instance = PostgresInstance(installation: upgrade.new, paths: places, runner: runner)
        try checkParameters(of: row, instance)
        try instance.initialize(
            durable: false, like: try shape(row), superuser: upgrade.firstSuperuser)
        try check(try cluster(upgrade, newData: places.data, folder: folder + "/upgrade", id: id), row)
        return upgrade.outlook
    }

    /// Whether the newer version takes what was set; throws `.invalidParameterValue` with its words.
    private func checkParameters(of row: ServerRow, _ instance: PostgresInstance) throws {
        let settings = try userParameters(row.id).sorted { $0.key < $1.key }
        try DurableFiles.makeDirectories(instance.paths.conf, durable: false)
        let lines =
            [SettingsText.line("data_directory", instance.paths.data)]
            + settings.map { SettingsText.line($0.key, $0.value) }
        let text = lines.joined(separator: "\n") + "\n"
        try DurableFiles.write(Array(text.utf8), to: instance.paths.settingsFile, durable: false)
        try instance.checkConfiguration()
    }

    /// Checks the version that is asked for, before anything costs time.
    func checkVersion(_ request: UpgradeRequest, _ row: ServerRow) throws -> PostgresInstallation {
        try requireOwn(row)
        guard row.restoredFrom != nil || request.isForAnyServer else {
            throw Problem(
                .operationNotSupported, "server '\(row.name)' is not a copy, so it is not upgraded just so",
                detail: "an upgrade is rehearsed on a copy first",
                hint: "Restore it to a new server and upgrade that one, or say --yes-this-is-not-a-copy.")
        }
        let all = PostgresInstallation.discoverAll(runner: runner)
        let new = try Self.installation(request.version, among: all)
        guard String(new.major) != row.version else {
            throw Problem(
                .invalidParameterValue, "server '\(row.name)' has version \(row.version) already",
                hint: "A newer minor version is taken by 'pitr restart'.")
        }
        guard let own = Int(row.version), new.major > own else {
            throw Problem(
                .invalidParameterValue,
                "server '\(row.name)' has version \(row.version), and there is no way down to \(new.major)",
                hint: "Upgrades go to a newer version: \(Self.newer(than: row.version, among: all)).")
        }
        return new
    }

    private static func newer(than version: String, among all: [PostgresInstallation]) -> String {
        let newer = all.map(\.major).filter { $0 > Int(version) ?? 0 }.sorted()
        return newer.isEmpty ? "none is installed" : newer.map(String.init).joined(separator: ", ")
    }

    func think(_ request: UpgradeRequest, _ row: ServerRow) throws -> UpgradePlan {
        let new = try checkVersion(request, row)
        try requireReady(row)
        let connection = try connect(row)
        let hindrances =
            try UpgradeHindrance.found(by: connection)
            + UpgradeHindrance.links(below: instancePaths(row).data) + missingExtensions(row, new)
        guard hindrances.isEmpty else { throw Problem.cannotBeUpgraded(row.name, hindrances) }
        let bytes = TreeSize.bytes(below: instancePaths(row).data)
        let files = try upgradeFiles(request.files ?? .copied, row)
        let shares = try FileClone.works(
            from: instancePaths(row).data + "/global/pg_control", into: paths.servers)
        let copied = bytes - min(bytes, files.linkedBytes)
        let needed = (shares ? 0 : copied) + Self.newServerBytes
        try diskRoom(paths.servers).require(needed, for: "the upgraded files")
        return UpgradePlan(
            row: row, old: try installation(row), new: new, dataBytes: bytes, copiedBytes: copied,
            sharesBlocks: shares, files: files,
            tablespaces: try connection.query(
                "SELECT oid::text FROM pg_catalog.pg_tablespace "
                    + "WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY 1"
            ).firstColumn,
            firstSuperuser: try connection.query("SELECT rolname FROM pg_catalog.pg_roles WHERE oid = 10")
                .scalar ?? instancePaths(row).superuser)
    }

    /// pg_upgrade would name their libraries only, and not each has one.
    private func missingExtensions(_ row: ServerRow, _ new: PostgresInstallation) throws
        -> [UpgradeHindrance]
    {
        var missing: [String] = []
        for database in try openDatabases(row) {
            let names = try connect(row, database: database).query(
                "SELECT extname FROM pg_catalog.pg_extension ORDER BY 1"
            ).firstColumn
            missing += names.filter { !new.hasExtension($0) }.map { "\($0) in database \(database)" }
        }
        return missing.isEmpty ? [] : [.extensions(missing)]
    }

    private func openDatabases(_ row: ServerRow) throws -> [String] {
        try connect(row).query(
            "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND datconnlimit <> -2 ORDER BY 1"
        ).firstColumn
    }

    private func upgradeFiles(_ how: UpgradeRequest.Files, _ row: ServerRow) throws -> UpgradeFiles {
        let data = instancePaths(row).data
        guard how == .linked else { return UpgradeFiles(data: data) }
        guard DurableFiles.device(of: data) == DurableFiles.device(of: paths.servers) else {
            throw Problem(
                .operationNotSupported, "the files of server '\(row.name)' cannot be linked",
                detail: "they lie on another file system than \(paths.servers)",
                hint: "Upgrade it without --link: its files are copied.")
        }
        var linked: Set<String> = []
        for database in try openDatabases(row) {
            linked.formUnion(
                try connect(row, database: database).query(UpgradeFiles.relationsOfUsers).firstColumn)
        }
        return UpgradeFiles(data: data, linked: linked)
    }

    /// Has pg_upgrade look at the server while it runs, as its first superuser: where that is not the tool's
    /// own, the private socket lets it in meanwhile. Whoever has the server for a change calls it; after a
    /// kill the configuration is made to agree with the catalog as always.
    func check(_ work: ClusterUpgrade, _ row: ServerRow) throws {
        let configuration = instancePaths(row).conf
        guard work.firstSuperuser != instancePaths(row).superuser else {
            return try work.check(running: configuration)
        }
        let usual = try access(row)
        var wider = usual
        wider.alsoSuperuser = work.firstSuperuser
        try putInForce(RenderedConfiguration(access: wider), on: row, as: "upgrade check")
        do {
            try work.check(running: configuration)
        } catch {
            // What pg_upgrade found is told; 'maintain' does what this may have left.
            try? putInForce(RenderedConfiguration(access: usual), on: row, as: "upgrade check")
            throw error
        }
        try putInForce(RenderedConfiguration(access: usual), on: row, as: "upgrade check")
    }

    func shape(_ row: ServerRow) throws -> ClusterShape {
        let answer = try connect(row).query(
            "SELECT current_setting('data_checksums') AS sums, "
                + "(SELECT setting::bigint / 1048576 FROM pg_catalog.pg_settings "
                + "WHERE name = 'wal_segment_size')::text AS size")
        return ClusterShape(
            hasChecksums: answer[0, "sums"] == "on", segmentMiB: answer[0, "size"].flatMap { Int($0) })
    }
}
