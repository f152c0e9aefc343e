import Catalog
import GRDB
public import Platform
import PostgresFormat
public import ServiceModel

/// Who may use the API, and with what secret.
extension ControlPlane {
    /// Makes a service principal. Its secret is in the answer and nowhere else.
    public func createIdentity(name: String, role: AccessRole, scope: AccessScope) throws -> NewIdentity {
        guard name.wholeMatch(of: /[A-Za-z0-9][-A-Za-z0-9_.@ ]{0,119}/) != nil else {
            throw Problem(
                .invalidParameterValue, "'\(name)' is not a name for an identity",
                hint: "Use up to 120 letters, digits, '-', '_', '.', '@' and blanks.")
        }
        let secret = MachineSecret.fresh()
        let now = clock.now()
        let row = IdentityRow(
            id: Identifiers.uuid(), clientID: Identifiers.uuid(), name: name, role: role.rawValue,
            scope: try stored(scope).resourceID, secretHash: MachineSecret.hash(secret),
            createdAt: now)
        try catalog.write { database in
            let taken = try IdentityRow.filter(Column("name") == name).fetchCount(database) > 0
            guard !taken, name.lowercased() != Identity.local.name else {
                throw Problem(
                    .invalidParameterValue, "there is an identity named '\(name)' already",
                    hint: "Choose another name, or change its role with 'pitr identity role'.")
            }
            try row.insert(database)
        }
        return NewIdentity(identity: try Self.identity(row), secret: secret)
    }

    /// The default identity first, then the others by name.
    public func listIdentities() throws -> [Identity] {
        let rows = try catalog.read { try IdentityRow.order(Column("name")).fetchAll($0) }
        return [Identity.local] + (try rows.map(Self.identity))
    }

    /// Removes an identity and every token of it, by name, client id or object id.
    public func deleteIdentity(_ name: String) throws {
        try catalog.write { database in
            let row = try Self.findIdentity(name, database)
            try database.execute(sql: "DELETE FROM token WHERE identityID = ?", arguments: [row.id])
            _ = try row.delete(database)
        }
    }

    /// Changes what an identity may do; tokens already handed out obey at once.
    public func setRole(_ name: String, role: AccessRole, scope: AccessScope) throws -> Identity {
        let scope = try stored(scope)
        return try catalog.write { database in
            var row = try Self.findIdentity(name, database)
            row.role = role.rawValue
            row.scope = scope.resourceID
            try row.update(database)
            return try Self.identity(row)
        }
    }

    /// The identity with that client id (or name) and that secret; nil when either is wrong.
    public func authenticate(clientID: String, secret: String) throws -> Identity? {
        let given = MachineSecret.hash(secret)
        if clientID.lowercased() == Identity.local.clientID {
            let expected = MachineSecret.hash(try localSecret())
            return MachineSecret.areEqual(given, expected) ? .local : nil
        }
        let row = try catalog.read { database in
            try IdentityRow.filter(Column("clientID") == clientID || Column("name") == clientID)
                .fetchOne(database)
        }
        // A name that is not there takes as long as a wrong secret.
        let expected = row?.secretHash ?? MachineSecret.hash("")
        guard MachineSecret.areEqual(given, expected), let row else { return nil }
        return try Self.identity(row)
    }

    /// The default identity's secret, made at first use, readable by the service account only.
    public func localSecret() throws(Problem) -> String {
        let path = paths.localSecret
        if let bytes = try DurableFiles.readIfPresent(path) {
            let text = String(decoding: bytes.filter { $0 != 10 }, as: UTF8.self)
            if text.utf8.count >= 40 { return text }
        }
        try DurableFiles.makeDirectories(paths.api)
        let secret = MachineSecret.fresh()
        let draft = DurableFiles.temporaryPath(beside: path)
        try DurableFiles.write(Array((secret + "\n").utf8), to: draft)
        // Of two processes that make one at once, the first wins and both use it.
        if try DurableFiles.renameIfFree(draft, to: path) { return secret }
        try DurableFiles.removeFile(draft)
        return String(decoding: try DurableFiles.read(path).filter { $0 != 10 }, as: UTF8.self)
    }

    private static func findIdentity(_ name: String, _ database: Database) throws -> IdentityRow {
        let match = Column("name") == name || Column("clientID") == name || Column("id") == name
        if let row = try IdentityRow.filter(match).fetchOne(database) { return row }
        if name.lowercased() == Identity.local.name {
            throw Problem(
                .operationNotSupported, "the default identity stays as it is",
                hint: "It works on this machine only, for whoever can read the state directory.")
        }
        throw Problem(
            .resourceNotFound, "there is no identity '\(name)'",
            hint: "List them with 'pitr identity list'.")
    }

    /// The scope in the catalog's spelling; a group has to be there.
    private func stored(_ scope: AccessScope) throws -> AccessScope {
        guard case .resourceGroup(let name) = scope else { return scope }
        return .resourceGroup(try showGroup(name).name)
    }

    static func identity(_ row: IdentityRow) throws -> Identity {
        guard let role = AccessRole(rawValue: row.role), let scope = AccessScope(resourceID: row.scope) else {
            throw Problem(
                .stateDamaged, "the catalog holds the unknown role '\(row.role)' over '\(row.scope)'",
                hint: "Set it again with 'pitr identity role'.")
        }
        return Identity(
            id: row.id, clientID: row.clientID, name: row.name, role: role, scope: scope,
            createdAt: row.createdAt)
    }
}
