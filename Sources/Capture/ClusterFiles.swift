/// Which names in a data directory are PostgreSQL's own data, so that a backup must not be without them.
enum ClusterFiles {
    private static let directories: Set<String> = [
        "base", "global", "pg_commit_ts", "pg_logical", "pg_multixact", "pg_tblspc", "pg_twophase", "pg_xact",
    ]

    /// - Parameter path: relative to the data directory.
    static func own(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        guard let first = parts.first, let name = parts.last else { return false }
        if parts.count == 1 { return name == "PG_VERSION" || directories.contains(name) }
        guard directories.contains(first) else { return false }
        let directory = parts.dropLast().joined(separator: "/")
        if BackupExclusions.holdsRelations(directory) {
            return RelationFileName(name) != nil
                || ["PG_VERSION", "pg_filenode.map", "pg_control"].contains(name)
        }
        return switch first {
        case "base": BackupExclusions.isNumber(name)
        case "pg_tblspc": BackupExclusions.isNumber(name) || name.hasPrefix("PG_")
        case "pg_multixact" where parts.count == 2: ["members", "offsets"].contains(name)
        case "pg_logical":
            parts.count > 2 || ["mappings", "snapshots", "replorigin_checkpoint"].contains(name)
        default: name.utf8.allSatisfy { (48...57).contains($0) || (65...70).contains($0) }
        }
    }
}
