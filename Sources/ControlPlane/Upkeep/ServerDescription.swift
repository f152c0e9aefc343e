#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Catalog
import GRDB
import Notation
import Platform
import PostgresFormat
import Repository

/// What the control plane knows of one server, kept beside its repository as `server.json`.
///
/// The catalog is what commands read; this is what a lost one is made again from.
struct ServerDescription {
    static let format: Int64 = 1

    var row: ServerRow
    var rules: [FirewallRuleRow]
    /// What the user set, by name.
    var parameters: [String: String]

    init(row: ServerRow, rules: [FirewallRuleRow], parameters: [String: String]) {
        self.row = row
        self.rules = rules
        self.parameters = parameters
    }

    /// As the catalog has it; nil when the server has gone from there.
    init?(id: String, in database: Database) throws {
        guard let row = try ServerRow.fetchOne(database, key: id) else { return nil }
        self.row = row
        rules = try FirewallRuleRow.filter(Column("serverID") == id).order(Column("name")).fetchAll(database)
        let set = try ParameterRow.filter(Column("serverID") == id).fetchAll(database)
        parameters = Dictionary(set.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    // MARK: As JSON

    func encoded() throws -> [UInt8] {
        DescribedDocument.seal([
            "format": .integer(Self.format),
            "kind": "what pitr knows of the server that this repository is of; written by it at every change",
            "server": try Self.json(row),
            "firewallRules": .array(try rules.map(Self.json)),
            "parameters": try Self.json(parameters),
        ])
    }

    /// Reads `server.json`; `path` is for messages. Throws `.stateDamaged` or `.formatTooNew`.
    init(parsing bytes: [UInt8], path: String) throws(Problem) {
        let document = DescribedDocument(path: path)
        let object = try document.unseal(bytes, format: Self.format)
        do {
            guard let server = object["server"] else { throw document.damaged("a field is missing") }
            row = try Self.value(ServerRow.self, server)
            rules = try Self.value([FirewallRuleRow].self, object["firewallRules"] ?? [])
            parameters = try Self.value([String: String].self, object["parameters"] ?? [:])
        } catch {
            throw error as? Problem ?? document.damaged("\(error)")
        }
    }

    private static func json(_ value: some Encodable) throws -> JSONValue {
        try JSONValue.parse(try CatalogJSON.text(value))
    }

    private static func value<Value: Decodable>(_ type: Value.Type, _ json: JSONValue) throws -> Value {
        try JSONDecoder().decode(type, from: Array(json.printed().utf8).data)
    }
}

/// The resource groups, kept as `groups.json` in the state directory.
enum GroupsDescription {
    static let format: Int64 = 1

    static func encoded(_ rows: [GroupRow]) throws -> [UInt8] {
        DescribedDocument.seal([
            "format": .integer(format),
            "groups": try JSONValue.parse(try CatalogJSON.text(rows)),
        ])
    }

    /// Throws `.stateDamaged` or `.formatTooNew`.
    static func parse(_ bytes: [UInt8], path: String) throws(Problem) -> [GroupRow] {
        let document = DescribedDocument(path: path)
        let object = try document.unseal(bytes, format: format)
        do {
            let text = (object["groups"] ?? []).printed()
            return try JSONDecoder().decode([GroupRow].self, from: Array(text.utf8).data)
        } catch {
            throw document.damaged("\(error)")
        }
    }
}

extension ControlPlane {
    /// Changes what the catalog holds of one server, and the description beside its repository with it.
    ///
    /// The description is written before the change is committed: writers of one catalog wait for each other,
    /// so the last description is that of the last change.
    @discardableResult
    func change<Value>(_ id: String, _ body: (Database) throws -> Value) throws -> Value {
        try catalog.write { database in
            let value = try body(database)
            try describe(id, in: database)
            return value
        }
    }

    /// Writes a server's description unless it says all that already; answers whether it had to.
    @discardableResult
    func describe(_ id: String, in database: Database, dryRun: Bool = false) throws -> Bool {
        // Where the repository has been taken away there is nothing to describe it beside.
        guard paths.layout(id).exists,
            let description = try ServerDescription(id: id, in: database)
        else { return false }
        return try Self.replace(paths.description(id), try description.encoded(), dryRun: dryRun)
    }

    /// As `change`, for the resource groups.
    @discardableResult
    func changeGroups<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try catalog.write { database in
            let value = try body(database)
            try describeGroups(in: database)
            return value
        }
    }

    @discardableResult
    func describeGroups(in database: Database, dryRun: Bool = false) throws -> Bool {
        let rows = try GroupRow.order(Column("name")).fetchAll(database)
        return try Self.replace(paths.groups, try GroupsDescription.encoded(rows), dryRun: dryRun)
    }

    private static func replace(_ path: String, _ bytes: [UInt8], dryRun: Bool) throws -> Bool {
        // A damaged or unreadable file is replaced like an old one.
        if let there = try? DurableFiles.readIfPresent(path), there == bytes { return false }
        if !dryRun { try DurableFiles.write(bytes, to: path) }
        return true
    }
}
