import Catalog
import Instance
public import Platform
import Repository
import WALEvents

/// The names that a shell offers for completion. Reads with the rights of whoever asks, in milliseconds,
/// changes nothing, and has no names rather than an error.
public struct KnownNames {
    private let paths: HomePaths
    private let catalog: CatalogNames?

    public init(home: String) {
        paths = HomePaths(home: home)
        catalog = CatalogNames(path: paths.catalog)
    }

    public var groups: [String] { catalog?.groups ?? [] }

    /// The servers of a group, or those of it that were deleted.
    public func servers(in group: String, deleted: Bool = false) -> [String] {
        let names = found(group).filter { $0.isDeleted == deleted }.map(\.name)
        return Set(names).sorted()
    }

    public func firewallRules(of server: String, in group: String) -> [String] {
        living(server, group)?.firewallRules ?? []
    }

    /// The restore points that this tool made.
    public func restorePoints(of server: String, in group: String) -> [String] {
        guard let catalog, let found = living(server, group) else { return [] }
        return catalog.made("restorePoint", "restorePoints", on: found)
    }

    /// Those in the server's own files, which may be as old as its last checkpoint, and those that this tool
    /// made.
    public func databases(of server: String, in group: String) -> [String] {
        guard let catalog, let found = living(server, group) else { return [] }
        var names = Set(catalog.made("database", "databases", on: found))
        if let files = SharedCatalogFiles(dataDirectory: paths.data(found.id)) {
            names.formUnion(CatalogState(files: files).databaseNames.values)
        }
        return names.subtracting(["template0", "template1", "azure_maintenance"]).sorted()
    }

    /// Copies that are there or were deleted and can come back, and the operations of all restores.
    public func evidence(in group: String) -> [String] {
        let copies = Set(found(group).filter(\.isCopy).map(\.name)).sorted()
        return copies + documents(in: paths.evidence)
    }

    public var drills: [String] { documents(in: paths.drills) }
    /// Where the folder is there and not yet whole, nothing is lost by naming it.
    public var results: [String] { ((try? DurableFiles.listIfPresent(paths.results)) ?? []).sorted() }

    private func documents(in folder: String) -> [String] {
        ((try? DurableFiles.listIfPresent(folder)) ?? []).filter { $0.hasSuffix(".json") }
            .map { String($0.dropLast(5)) }.sorted()
    }

    /// The complete backups of a server, oldest first as their names go.
    public func backups(of server: String, in group: String) -> [String] {
        guard let found = living(server, group) else { return [] }
        let layout = paths.layout(found.id)
        // A shell offers no names rather than an error.
        return (try? BackupRepository(layout: layout).names()) ?? []
    }

    /// Those that PostgreSQL describes, whether a server runs or not.
    public static func parameters(runner: any CommandRunner = SystemCommands()) -> [String] {
        guard let postgres = try? PostgresInstallation.newest(runner: runner).tool("postgres"),
            let answer = try? runner.run(Command(postgres, ["--describe-config"], timeoutSeconds: 2))
        else { return [] }
        return answer.standardOutput.split(separator: "\n").compactMap { line in
            line.split(separator: "\t").first.map(String.init)
        }
    }

    private func living(_ server: String, _ group: String) -> CatalogNames.Server? {
        found(group).first { same($0.name, server) && !$0.isDeleted }
    }

    private func found(_ group: String) -> [CatalogNames.Server] {
        (catalog?.servers ?? []).filter { same($0.group, group) }
    }

    private func same(_ one: String, _ other: String) -> Bool { one.lowercased() == other.lowercased() }
}
