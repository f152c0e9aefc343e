/// What of a data directory does not belong into a base backup: the rules of PostgreSQL's `basebackup.c`.
enum BackupExclusions {
    /// Directories whose content is made anew by a starting server, or is WAL.
    static let emptiedDirectories: Set<String> = [
        "pg_dynshmem", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans",
        "pg_wal",
    ]

    private static let files: Set<String> = [
        "postmaster.pid", "postmaster.opts", "postgresql.auto.conf.tmp", "current_logfiles.tmp",
        "backup_label",
        "backup_label.old", "tablespace_map", "tablespace_map.old", "backup_manifest", ".DS_Store",
    ]

    /// Whether a file or directory of that name is left out, wherever it is.
    static func excludes(name: String) -> Bool {
        files.contains(name) || name.hasPrefix("pg_internal.init") || name.hasPrefix("pgsql_tmp")
    }

    /// Whether a name in a database's directory is that of a temporary relation: `t3_16384_fsm.1`.
    static func isTemporaryRelation(_ name: String) -> Bool {
        guard name.first == "t" else { return false }
        let parts = name.dropFirst().split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && isNumber(parts[0]) && RelationFileName(String(parts[1])) != nil
    }

    /// Whether `directory`, relative to the data directory, holds relation files.
    static func holdsRelations(_ directory: String) -> Bool {
        let parts = directory.split(separator: "/")
        switch parts.count {
        case 1: return parts[0] == "global"
        case 2: return parts[0] == "base" && isNumber(parts[1])
        case 4: return parts[0] == "pg_tblspc" && parts[2].hasPrefix("PG_") && isNumber(parts[3])
        default: return false
        }
    }

    /// The names in a database's directory that belong into the backup.
    static func kept(relationsIn names: [String]) -> [String] {
        var unlogged: Set<String> = []
        for name in names {
            if let relation = RelationFileName(name), relation.fork == .initialization {
                unlogged.insert(relation.number)
            }
        }
        return names.filter { name in
            if isTemporaryRelation(name) { return false }
            guard let relation = RelationFileName(name) else { return true }
            return relation.fork == .initialization || !unlogged.contains(relation.number)
        }
    }

    static func isNumber(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    }
}

/// The name of a relation's file: number, fork, and number of the 1 GiB part: `16384_vm.2`.
struct RelationFileName: Hashable {
    enum Fork: String {
        case main = ""
        case freeSpaceMap = "fsm"
        case visibilityMap = "vm"
        case initialization = "init"
    }

    /// Blocks of 8 KiB in each part but the last.
    private static let blocksPerPart: UInt32 = 131_072

    let number: String
    let fork: Fork
    let part: UInt32

    init?(_ name: String) {
        let dotted = name.split(separator: ".", omittingEmptySubsequences: false)
        guard dotted.count <= 2 else { return nil }
        if dotted.count == 2 {
            guard BackupExclusions.isNumber(dotted[1]), let part = UInt32(dotted[1]), part < 1 << 15 else {
                return nil
            }
            self.part = part
        } else {
            part = 0
        }
        let pieces = dotted[0].split(separator: "_", omittingEmptySubsequences: false)
        guard let number = pieces.first, BackupExclusions.isNumber(number), pieces.count <= 2 else {
            return nil
        }
        self.number = String(number)
        guard pieces.count == 2 else {
            fork = .main
            return
        }
        guard let fork = Fork(rawValue: String(pieces[1])), fork != .main else { return nil }
        self.fork = fork
    }

    /// The number of the file's first block within its fork.
    var firstBlock: UInt32 { part * Self.blocksPerPart }
}
