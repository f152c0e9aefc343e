public import Platform
public import PostgresClient

/// The versions of a database's extensions, which no dump of definitions has.
public struct ExtensionVersions: Sendable {
    private var versions: [String: String] = [:]

    public init(_ connection: Connection) throws(Problem) {
        let rows = try connection.query("SELECT extname, extversion FROM pg_catalog.pg_extension")
        for row in 0..<rows.count {
            guard let name = rows[row, "extname"] else { continue }
            versions[name] = rows[row, "extversion"]
        }
    }

    /// Of the extensions on both sides; others are definitions that are on one side only.
    public func differences(from there: ExtensionVersions) -> [SchemaDifference] {
        versions.sorted { $0.key < $1.key }.compactMap { name, version in
            guard let other = there.versions[name], Cell(other) != Cell(version) else { return nil }
            func text(_ version: String) -> String {
                "ALTER EXTENSION \(QualifiedName.quoted(name)) UPDATE TO \(SQLText.literal(version));"
            }
            return SchemaDifference(
                kind: "EXTENSION", schema: "", name: name, here: text(version), there: text(other))
        }
    }
}
