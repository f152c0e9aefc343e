import Catalog
import GRDB
import Instance
import Notation
public import Platform
import PostgresFormat
import Repository
public import ServiceModel

/// Makes a new catalog out of what is on the disk, when the old one is lost or damaged.
///
/// Everything of it comes back but the operations, the activity log and the API's identities. Nothing is
/// deleted: the damaged file is kept beside the new one.
struct CatalogRebuild {
    static let advice = "Make a new one from what is on the disk: 'pitr doctor --rebuild-catalog'."

    let paths: HomePaths
    let clock: any WallClock
    /// How the configuration, log and sockets of a server are reached, by its id and its major version.
    let instance: (String, Int) throws(Problem) -> PostgresInstance

    /// A server that was found, and how much of it is known.
    struct Found {
        var description: ServerDescription
        /// What could not be read and was assumed; empty when it had its description.
        var assumed: [String]
    }

    static func isMissing(_ paths: HomePaths) -> Bool {
        DurableFiles.status(paths.catalog).map { $0.size == 0 } ?? true
    }

    /// The ids of everything that looks like a server or like what is left of one.
    static func serverIDs(_ paths: HomePaths) throws(Problem) -> [String] {
        let found = try RepositoryFolder(paths.repositories).names()
        let all = Set(found + (try DurableFiles.listIfPresent(paths.servers)))
        return all.filter { $0.wholeMatch(of: Identifiers.serverID) != nil }.sorted()
    }

    func run() throws -> [DoctorFinding] {
        try requireLoss()
        var findings: [DoctorFinding] = []
        var found: [Found] = []
        for id in try Self.serverIDs(paths) {
            if let server = try read(id) {
                found.append(server)
            } else {
                findings.append(
                    DoctorFinding(
                        level: .warning, subject: "folder \(id)",
                        message:
                            "neither its server.json nor its repository.json can be read; it was left alone",
                        remedy: "Look into \(paths.server(id)) and \(paths.repository(id))."))
            }
        }
        // Those whose name is known for certain keep it.
        found.sort { left, right in
            (left.assumed.count, left.description.row.createdAt)
                < (right.assumed.count, right.description.row.createdAt)
        }
        try settleConflicts(&found)
        let groups = try groups(of: found, &findings)
        let drills = try drills(&findings)
        let aside = try exchange(found.map(\.description), groups, drills)
        findings.insert(
            DoctorFinding(
                level: .ok, subject: "catalog",
                message: "rebuilt with \(found.count) \(found.count == 1 ? "server" : "servers")"
                    + (aside.map { "; what was there is kept as \($0)" } ?? "")
                    + "; past operations, the activity log and the API's identities are not in it",
                remedy: nil), at: 0)
        return findings + found.map(Self.finding)
    }

    private static func finding(_ server: Found) -> DoctorFinding {
        let row = server.description.row
        let state =
            switch row.phase {
            case .provisioning: "it was never finished"
            case .dropping: "its deletion was not finished"
            case .dropped: "deleted, with its backups"
            case .complete: "found with its description"
            }
        let unfinished = row.phase == .provisioning || row.phase == .dropping
        return DoctorFinding(
            level: server.assumed.isEmpty && !unfinished ? .ok : .warning, subject: "server \(row.name)",
            message: ([state] + server.assumed).joined(separator: "; "),
            remedy: unfinished
                ? "Clean up with 'pitr maintain'."
                : server.assumed.isEmpty ? nil : "Check it with 'pitr show -n \(row.name)'.")
    }

    /// An intact catalog knows more than could be found.
    private func requireLoss() throws {
        if Self.isMissing(paths) { return }
        do {
            let store = try CatalogStore(path: paths.catalog)
            if try !store.damage().isEmpty || store.undecodable() != nil { return }
        } catch let problem as Problem where problem.code == .stateDamaged {
            return
        }
        throw Problem(
            .operationNotSupported, "the catalog is intact; a new one would know less",
            hint: "If it is wrong nevertheless, move \(paths.catalog) away first.")
    }

    // MARK: One server

    private func read(_ id: String) throws -> Found? {
        let path = paths.description(id)
        var why = "it has no description, so this was read from its repository and its configuration"
        do {
            if let bytes = try paths.layout(id).description() {
                let description = try ServerDescription(parsing: bytes, path: path)
                if description.row.id == id { return Found(description: description, assumed: []) }
                why = "its description is that of another server"
            }
        } catch {
            if error.code == .formatTooNew { throw error }
            why = error.message + (error.detail.map { ": \($0)" } ?? "")
        }
        return try UndescribedServer(id: id, rebuild: self).found(why)
    }

    /// A name and an address belong to one server: a second one that claims them gets others, and says so.
    private func settleConflicts(_ found: inout [Found]) throws {
        var names: Set<String> = []
        var endpoints: Set<LoopbackAddress.Endpoint> = []
        for index in found.indices where found[index].description.row.phase != .dropped {
            let row = found[index].description.row
            if !names.insert(row.name).inserted {
                let name = "\(row.name.prefix(54))-\(row.id.prefix(8))"
                found[index].assumed.append("another server is named '\(row.name)', so it is now '\(name)'")
                found[index].description.row.name = name
                names.insert(name)
            }
            // What is not run here keeps the address that it has, or that is nobody's.
            guard row.isOwn else { continue }
            let endpoint = IPv4Address(row.host).map {
                LoopbackAddress.Endpoint(address: $0, port: UInt16(clamping: row.port))
            }
            if let endpoint, endpoints.insert(endpoint).inserted { continue }
            let fresh = try LoopbackAddress.pick(taken: endpoints, place: paths.home)
            endpoints.insert(fresh)
            found[index].description.row.host = fresh.address.description
            found[index].description.row.port = Int(fresh.port)
            found[index].assumed.append("it has a new address, in effect when it is started again")
        }
    }

    // MARK: Groups

    private func groups(of found: [Found], _ findings: inout [DoctorFinding]) throws -> [GroupRow] {
        var groups: [GroupRow] = []
        do {
            if let bytes = try DurableFiles.readIfPresent(paths.groups) {
                groups = try GroupsDescription.parse(bytes, path: paths.groups)
            }
        } catch {
            if error.code == .formatTooNew { throw error }
            findings.append(
                DoctorFinding(
                    level: .warning, subject: "groups",
                    message: error.message + "; groups without servers and tags of groups are lost",
                    remedy: "Make them again with 'pitr group create'."))
        }
        var known = Set(groups.map { $0.name.lowercased() })
        for row in found.map(\.description.row) where known.insert(row.resourceGroup.lowercased()).inserted {
            groups.append(
                GroupRow(
                    name: row.resourceGroup, location: row.location, tags: [:], createdAt: row.createdAt))
        }
        return groups
    }

    private func drills(_ findings: inout [DoctorFinding]) throws -> [DrillRecord] {
        let (records, damaged) = try DrillStore.kept(in: paths.drills)
        findings += damaged.map { problem in
            DoctorFinding(
                level: .warning, subject: "drill", message: "\(problem.message); it is not in the catalog",
                remedy: "The file is left as it is.")
        }
        return records
    }

    // MARK: The file

    /// Writes the new catalog beside the old one and puts it in its place; answers where the old one is now.
    ///
    /// After a kill in the middle the catalog is missing, and this can be done again.
    private func exchange(
        _ servers: [ServerDescription], _ groups: [GroupRow], _ drills: [DrillRecord]
    ) throws -> String? {
        let fresh = paths.catalog + ".new"
        for suffix in ["", "-journal", "-wal", "-shm"] { _ = try DurableFiles.removeFile(fresh + suffix) }
        try fill(fresh, servers, groups, drills)
        let now = clock.now().components
        let stamp = [now.year, now.month, now.day, now.hour, now.minute, now.second].map { part in
            part < 10 ? "0\(part)" : String(part)
        }.joined()
        let aside = "\(paths.catalog).damaged-\(stamp)"
        var isKept = false
        // The journal goes too: beside the new file SQLite would roll it back into that one.
        for suffix in ["", "-journal", "-wal", "-shm"] {
            guard DurableFiles.status(paths.catalog + suffix) != nil else { continue }
            guard try DurableFiles.renameIfFree(paths.catalog + suffix, to: aside + suffix) else {
                throw Problem(.stateDamaged, "\(aside + suffix) exists already", hint: "Try again.")
            }
            isKept = true
        }
        guard try DurableFiles.renameIfFree(fresh, to: paths.catalog) else {
            throw Problem(.stateDamaged, "\(paths.catalog) has come back", hint: "Try again.")
        }
        try DurableFiles.syncDirectory(paths.home)
        return isKept ? aside : nil
    }

    private func fill(
        _ path: String, _ servers: [ServerDescription], _ groups: [GroupRow], _ drills: [DrillRecord]
    ) throws {
        let store = try CatalogStore(path: path)
        try store.write { database in
            for group in groups { try group.insert(database) }
            // No process of before runs one of them any more: maintenance ends what was running.
            for drill in drills { try DrillRow(drill, process: nil).insert(database) }
            for server in servers {
                try server.row.insert(database)
                for rule in server.rules { try rule.insert(database) }
                for (name, value) in server.parameters {
                    try ParameterRow(serverID: server.row.id, name: name, value: value).insert(database)
                }
            }
        }
        try store.close()
    }
}

extension ControlPlane {
    /// What a server is asked with: each version refuses a session with settings that only newer ones know.
    ///
    /// Where its own version is not installed any more the newest will do: files can still be looked at.
    static func installation(
        toAsk major: Int, among installed: [PostgresInstallation]
    ) -> PostgresInstallation? {
        installed.first { $0.major == major } ?? installed.first
    }

    /// Makes a new catalog, and says what it was made of.
    ///
    /// Throws `.operationNotSupported` when the catalog is intact, `.serverBusy` while another command runs,
    /// `.formatTooNew` when a newer version wrote what would have to be read.
    public static func rebuildCatalog(
        account: ServiceAccount, cancellation: CancellationFlag = CancellationFlag(),
        clock: any WallClock = SystemWallClock(), runner: any CommandRunner = SystemCommands()
    ) throws -> [DoctorFinding] {
        let paths = HomePaths(home: account.home)
        try prepareHome(paths)
        guard
            let lock = try DirectoryLock.wait(
                paths.catalogLock, .exclusive, atMost: 3, cancellation: cancellation)
        else {
            throw Problem(
                .serverBusy, "another command of pitr is running, and uses the catalog",
                hint: "Wait until it has finished.")
        }
        defer { lock.release() }
        let installations = PostgresInstallation.discoverAll(runner: runner)
        return try CatalogRebuild(paths: paths, clock: clock) { id, major throws(Problem) in
            guard let installation = Self.installation(toAsk: major, among: installations) else {
                throw Problem(.postgresMissing, "PostgreSQL is not installed")
            }
            return PostgresInstance(
                installation: installation,
                paths: paths.instance(id, runtime: account.runtimeDirectory), runner: runner)
        }.run()
    }
}
