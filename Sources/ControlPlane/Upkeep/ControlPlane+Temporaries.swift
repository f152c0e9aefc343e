import Platform
import Repository
import ServiceModel

/// Files that were to replace others, and whose writer was killed before they did.
extension ControlPlane {
    func leftoverTemporaries(dryRun: Bool) throws -> [MaintenanceAction] {
        let folder = RepositoryFolder(paths.repositories)
        let own = [paths.home, paths.api].map { ($0, try? DurableFiles.listIfPresent($0)) }
        let repositories = try folder.names().map(folder.layout).map { ($0.root, try? $0.names()) }
        // What cannot be listed now is looked at the next time.
        return (own + repositories).flatMap { directory, names in
            (names ?? []).filter(Self.isAbandoned).map { name in
                act(
                    nil, "remove-leftover", String((directory + "/" + name).dropFirst(paths.home.count + 1)),
                    "whoever wrote it is gone", dryRun: dryRun
                ) { try DurableFiles.removeFile(directory + "/" + name) }
            }
        }
    }

    private static func isAbandoned(_ name: String) -> Bool {
        guard let writer = DurableFiles.temporaryWriter(of: name) else { return false }
        return !ProcessIdentity.isTaken(writer)
    }
}
