import Catalog
import Instance
import Platform
import PostgresClient
import PostgresFormat
import Repository
import ServiceModel

/// A server whose description is missing: what its repository, its configuration and, if it runs, it itself
/// tell. The rest is assumed such that nothing is lost by it.
struct UndescribedServer {
    let id: String
    let rebuild: CatalogRebuild

    private var paths: HomePaths { rebuild.paths }

    /// Nil where there is no repository that can be read: such a folder may be anything.
    func found(_ why: String) throws -> CatalogRebuild.Found? {
        let layout = paths.layout(id)
        let identity: RepositoryIdentity
        do {
            identity = try layout.identity()
        } catch {
            if error.code == .formatTooNew { throw error }
            return nil
        }
        var assumed = [why]
        let instance = try? rebuild.instance(id, identity.postgresMajor)
        let written = instance.map { WrittenConfiguration($0.paths) }
        let running = instance.map { if case .running = $0.status() { true } else { false } } ?? false

        let name = usable(written?.serverName)
        if name == nil { assumed.append("its name is not known") }
        let login = running ? instance.flatMap(administrator) : nil
        if login == nil { assumed.append("its administrator's login is not known") }
        assumed.append(
            "its group, tags and size are not known; retention is taken as \(Self.retention) days")
        if DurableFiles.status(paths.data(id)) == nil {
            assumed.append("it has no data directory: restore it from its backups, then delete it")
        }
        let size = ComputeTier.generalPurpose.defaultSize
        let minor = try minorVersion(layout) ?? "\(identity.postgresMajor)"
        var row = ServerRow(
            id: id, resourceGroup: Identifiers.defaultGroup, name: name ?? "recovered-\(id.prefix(8))",
            location: Identifiers.defaultLocation, tags: [:], phase: .complete, shouldRun: running,
            createdAt: created(layout), version: String(identity.postgresMajor),
            postgresVersion: minor, tier: size.tier.rawValue, skuName: size.name, storageSizeGiB: 128,
            storageType: "Premium_LRS", storageAutoGrow: false, backupRetentionDays: Self.retention,
            geoRedundantBackup: false, publicNetworkAccess: true, administratorLogin: login ?? "unknown",
            availabilityZone: nil, host: written?.listenAddress?.description ?? "",
            port: Int(written?.port ?? 5432))
        row.systemIdentifier = String(identity.systemIdentifier)
        let rules = (written?.rules ?? []).map {
            FirewallRuleRow(
                serverID: id, name: $0.name, startIPAddress: $0.start.description,
                endIPAddress: $0.end.description)
        }
        return CatalogRebuild.Found(
            description: ServerDescription(row: row, rules: rules, parameters: written?.parameters ?? [:]),
            assumed: assumed)
    }

    /// The longest there is: nothing expires too early.
    private static let retention = BackupRetention.allowedDays.upperBound

    private func usable(_ name: String?) -> String? {
        guard let name, (try? ControlPlane.validate(serverName: name)) != nil else { return nil }
        return name
    }

    private func administrator(_ instance: PostgresInstance) -> String? {
        guard let connection = try? instance.connect() else { return nil }
        return try? connection.query(
            """
            SELECT member.rolname FROM pg_auth_members AS m
                JOIN pg_roles AS member ON member.oid = m.member
                JOIN pg_roles AS held ON held.oid = m.roleid
            WHERE held.rolname = $1 AND m.admin_option ORDER BY m.member LIMIT 1
            """, [AdminRole.group]
        ).scalar
    }

    /// The folder's description was written when the server was made.
    private func created(_ layout: RepositoryLayout) -> PostgresTimestamp {
        layout.madeAt ?? rebuild.clock.now()
    }

    /// As its newest backup says it: 150018 is 15.18.
    private func minorVersion(_ layout: RepositoryLayout) throws -> String? {
        let newest = try BackupRepository(layout: layout).intact().last
        return newest.map {
            "\(WALVersion.major(ofServerVersion: $0.postgresVersion)).\($0.postgresVersion % 10_000)"
        }
    }
}
