import Catalog
import Instance
public import Platform
import Repository

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

    /// The complete backups of a server, oldest first as their names go.
    public func backups(of server: String, in group: String) -> [String] {
        guard let found = found(group).first(where: { same($0.name, server) && !$0.isDeleted }) else {
            return []
        }
        let folder = RepositoryLayout(root: paths.repository(found.id)).backups
        // Others are being made or deleted, or lie there by mistake.
        return ((try? DurableFiles.listIfPresent(folder)) ?? []).filter { name in
            BackupRepository.isUsable(name: name)
                && DurableFiles.status(BackupFiles.descriptor(folder + "/" + name)) != nil
        }.sorted()
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

    private func found(_ group: String) -> [CatalogNames.Server] {
        (catalog?.servers ?? []).filter { same($0.group, group) }
    }

    private func same(_ one: String, _ other: String) -> Bool { one.lowercased() == other.lowercased() }
}
