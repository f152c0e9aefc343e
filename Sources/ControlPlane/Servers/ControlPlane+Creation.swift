import Catalog
import GRDB
import Instance
import Notation
import Platform
import PostgresClient
import PostgresFormat
import Repository
public import ServiceModel

/// Making a server: from a name to a running PostgreSQL with its first backup.
extension ControlPlane {
    /// A server that was thought through, and has its name and address.
    struct Creation {
        var row: ServerRow
        var lock: DirectoryLock
        var size: ComputeSize
        var password: String
        var access: PublicAccess
        var notes: [String]
    }

    /// Checks a request and enters the server: what follows takes time.
    func prepareCreation(
        _ request: CreateServerRequest, for accepted: AcceptedWork? = nil
    ) throws -> Creation {
        let installation = try installation(forNew: request.version)
        var notes: [String] = []
        let (tier, size) = try Self.resolveSize(tier: request.tier, sku: request.skuName)
        try Self.validate(request)
        let admin = request.adminUser ?? GeneratedNames.admin()
        if request.adminUser == nil { notes.append("No --admin-user given: '\(admin)' was generated.") }
        try AdminRole.checkName(admin)
        let password = request.adminPassword ?? GeneratedNames.password()
        try AdminRole.checkPassword(password)
        let access = try PublicAccess(request.publicAccess, now: clock.now())
        let asked = try request.location.map(AzureLocation.require)?.name
        let name = (request.name ?? GeneratedNames.server()).lowercased()
        try Self.validate(serverName: name)
        try diskRoom(paths.servers).require(Self.newServerBytes, for: "a new server")
        // A refusal must not leave a group behind.
        if request.geoRedundantBackup == true, let asked { try Self.requirePair(of: asked) }
        let group = try resolveGroup(request.resourceGroup, createIfMissing: true, location: asked)
        let location = asked ?? group.location
        if request.geoRedundantBackup == true { try Self.requirePair(of: location) }

        let (row, lock) = try claim(for: accepted) { endpoint in
            var row = ServerRow(
                id: Identifiers.fresh(), resourceGroup: group.name, name: name,
                location: location, tags: request.tags,
                phase: .provisioning, shouldRun: true, createdAt: self.clock.now(),
                version: String(installation.major), postgresVersion: installation.minorVersion,
                tier: tier.rawValue, skuName: size.name, storageSizeGiB: request.storageSizeGiB ?? 128,
                storageType: request.storageType ?? "Premium_LRS",
                storageAutoGrow: request.storageAutoGrow ?? false,
                backupRetentionDays: request.backupRetentionDays ?? BackupRetention.standardDays,
                geoRedundantBackup: request.geoRedundantBackup ?? false, publicNetworkAccess: access.isPublic,
                administratorLogin: admin, availabilityZone: request.availabilityZone,
                host: endpoint.address.description, port: Int(endpoint.port))
            row.maintenanceWindow = request.maintenanceWindow
            return row
        } listen: {
            try self.chooseEndpoint(listen: request.listen, port: request.port)
        }
        return Creation(
            row: row, lock: lock, size: size, password: password, access: access, notes: notes)
    }

    public func createServer(
        _ request: CreateServerRequest, for accepted: AcceptedWork? = nil
    ) throws -> CreatedServer {
        let creation = try prepareCreation(request, for: accepted)
        let (row, lock, password, access) = (
            creation.row, creation.lock, creation.password, creation.access
        )
        var notes = creation.notes
        defer { lock.release() }
        RestoreFaults.reached("create: claim")
        let complete = try perform(.create, server: row, for: accepted) { _ in
            do {
                return try self.build(
                    row, size: creation.size, password: password, access: access, request: request)
            } catch {
                self.discard(row)
                throw error
            }
        }
        lock.release()
        RestoreFaults.reached("create: backup")
        do {
            _ = try takeBackup(complete, name: nil, onDemand: false)
        } catch {
            let problem = Self.problem(from: error)
            if problem.code == .canceled {
                // Whoever calls it off wants no server, and may give the same command again.
                try callOff(complete)
                throw problem
            }
            notes.append(
                "The first backup failed, so there is nothing to restore from yet: \(problem.message)")
        }
        let database = request.databaseName ?? "postgres"
        return CreatedServer(
            server: try showServer(ServerReference(resourceGroup: row.resourceGroup, name: row.name)),
            password: password, databaseName: database, firewallRuleName: access.rule?.name,
            connectionString: connectionString(complete, database: database, password: password),
            notes: notes)
    }

    /// Removes a server that was complete, but for its first backup, when its creation was called off.
    private func callOff(_ row: ServerRow) throws {
        let lock = try DirectoryLock.wait(paths.serverLock(row.id))
        defer { lock.release() }
        try perform(.delete, server: row, properties: ["reason": "its creation was called off"], for: nil) {
            _ in
            discard(row)
        }
    }

    /// With the server verified: whoever listens at its address while it is stopped is not given the
    /// password.
    func connectionString(_ row: ServerRow, database: String, password: String) -> String {
        let port = row.port == 5432 ? "" : ":\(row.port)"
        let escaped = PercentCoding.encode
        return "postgresql://\(escaped(row.administratorLogin)):\(escaped(password))@\(row.host)\(port)/"
            + "\(escaped(database))?\(ConnectionURI.verified(by: authorityFile))"
    }

    /// Enters a new server into the catalog; the name and the address are its own from then on.
    ///
    /// Its lock is held before anybody sees it, so that maintenance never takes it for a leftover. One that
    /// was entered when the operation was accepted is taken as it is.
    ///
    /// - Parameters:
    ///   - accepted: the operation that it may have been entered for.
    ///   - rules: whom it lets in from the start.
    func claim(
        for accepted: AcceptedWork?, rules: [FirewallRule] = [],
        _ make: (LoopbackAddress.Endpoint) throws -> ServerRow,
        listen: () throws -> LoopbackAddress.Endpoint
    ) throws -> (ServerRow, DirectoryLock) {
        if let reserved = try reservation(for: accepted) { return (reserved, try lockServer(reserved)) }
        let gate = try DirectoryLock.wait(paths.locks + "/names")
        defer { gate.release() }
        let row = try make(try listen())
        if try isTaken(row.name, for: accepted) {
            throw Problem(
                .serverNameAlreadyExists, "Specified server name is already used.", detail: row.name,
                hint: "Choose another name; a restore never overwrites.")
        }
        let lock = try lockServer(row)
        do {
            try paths.layout(row.id).makeFolder()
            try change(row.id) { database in
                try row.insert(database)
                for rule in rules { try FirewallRuleRow(rule, of: row.id).insert(database) }
            }
        } catch {
            try? paths.layout(row.id).remove()
            lock.release()
            throw error
        }
        return (row, lock)
    }

    /// An address and port nobody else of ours owns and nothing listens on.
    func chooseEndpoint(listen: String?, port: Int?) throws -> LoopbackAddress.Endpoint {
        let rows = try rows(resourceGroup: nil, dropped: false)
        let taken = Set(
            rows.compactMap { row in
                IPv4Address(row.host).map {
                    LoopbackAddress.Endpoint(address: $0, port: UInt16(clamping: row.port))
                }
            })
        if let port, !(1...65535).contains(port) {
            throw Problem(.invalidParameterValue, "\(port) is not a port", hint: "Use 1 to 65535.")
        }
        let wanted = UInt16(port ?? 5432)
        guard let listen else {
            return try LoopbackAddress.pick(taken: taken, port: wanted, place: paths.home)
        }
        guard let address = IPv4Address(listen) else {
            throw Problem(
                .invalidParameterValue, "'\(listen)' is not an IPv4 address",
                hint: "Use an address of this machine, for example 127.0.0.1.")
        }
        let endpoint = LoopbackAddress.Endpoint(address: address, port: wanted)
        guard !taken.contains(endpoint), LoopbackAddress.canBind(endpoint) else {
            throw Problem(
                .portInUse, "\(listen):\(wanted) cannot be listened on",
                detail: taken.contains(endpoint)
                    ? "another server of yours owns it" : "it is in use, or not an address of this machine",
                hint: "Choose another --port or --listen.")
        }
        return endpoint
    }

    private func build(
        _ row: ServerRow, size: ComputeSize, password: String, access: PublicAccess,
        request: CreateServerRequest
    ) throws -> ServerRow {
        progress.begin("making server \(row.name)", totalBytes: nil)
        defer { progress.end() }
        let instance = try instance(row)
        try DurableFiles.makeDirectories(paths.server(row.id))
        let fileSystem = try WatchedFileSystem(paths.server(row.id))
        RestoreFaults.reached("create: initialize")
        try cancellation.check()
        try instance.initialize(durable: false)
        RestoreFaults.reached("create: repository")
        try cancellation.check()
        let control = try ControlFile(
            parsing: try DurableFiles.read(instancePaths(row).data + "/global/pg_control"))
        try paths.layout(row.id).create(
            RepositoryIdentity(
                serverID: row.id, systemIdentifier: control.systemIdentifier,
                postgresMajor: instance.installation.major))
        try fileSystem.flush()
        RestoreFaults.reached("create: configure")
        try cancellation.check()
        if let rule = access.rule {
            try change(row.id) {
                try FirewallRuleRow(rule, of: row.id).insert($0)
            }
        }
        try configure(row)
        RestoreFaults.reached("create: start")
        try cancellation.check()
        _ = try startFirst(row, listen: request.listen, port: request.port)
        RestoreFaults.reached("create: admin")
        try cancellation.check()
        let connection = try instance.connect()
        try AdminRole.create(row.administratorLogin, password: password, on: connection)
        if let database = request.databaseName, database != "postgres" {
            try Self.makeDatabase(
                database, owner: row.administratorLogin, charset: nil, collation: nil, on: connection)
        }
        connection.close()
        RestoreFaults.reached("create: complete")
        try cancellation.check()
        return try update(row.id) {
            $0.phase = .complete
            $0.systemIdentifier = String(control.systemIdentifier)
        }
    }

    @discardableResult
    func update(_ id: String, _ change: (inout ServerRow) throws -> Void) throws -> ServerRow {
        try self.change(id) { database in
            guard var row = try ServerRow.fetchOne(database, key: id) else {
                throw Problem(.resourceNotFound, "server \(id) has gone from the catalog")
            }
            try change(&row)
            try row.update(database)
            return row
        }
    }

    /// Removes every trace of a server that was never finished.
    func discard(_ row: ServerRow) {
        if let instance = try? instance(row) { try? instance.stop(.immediate) }
        try? DurableFiles.removeTree(paths.server(row.id))
        try? paths.layout(row.id).remove()
        try? DurableFiles.removeTree(socketDirectory(row.id))
        try? DurableFiles.removeTree(recoverySocketDirectory(row.id))
        _ = try? catalog.write { try ServerRow.deleteOne($0, key: row.id) }
    }
}
