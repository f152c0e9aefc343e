import Platform
import ServiceModel

/// Files that were to replace others, and whose writer was killed before they did.
extension ControlPlane {
    func leftoverTemporaries(dryRun: Bool) throws -> [MaintenanceAction] {
        let repositories = try DurableFiles.listIfPresent(paths.repositories).map {
            paths.repositories + "/" + $0
        }
        return ([paths.home, paths.api] + repositories).flatMap { directory in
            let names = (try? DurableFiles.listIfPresent(directory)) ?? []
            return names.filter(Self.isAbandoned).map { name in
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
