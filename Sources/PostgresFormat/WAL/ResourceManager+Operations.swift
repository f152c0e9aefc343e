extension ResourceManager {
    /// The name that `pg_waldump` of that version prints for an operation; nil where it prints
    /// `UNKNOWN (…)`.
    ///
    /// Source: the `…_identify` functions of PostgreSQL's `rmgrdesc`; only the heap's pruning differs
    /// between 15 and 18.
    public func operationName(_ info: UInt8, version: WALVersion) -> String? {
        let code = info & 0xF0
        switch self {
        case .xlog: return Names.xlog[code]
        case .transaction: return Names.transaction[code & 0x70]
        case .storage: return Names.storage[code]
        case .commitLog, .commitTimestamp: return Names.pages[code]
        case .database: return Names.database[code]
        case .tablespace: return Names.tablespace[code]
        case .multiXact: return Names.multiXact[code]
        case .relationMap: return code == 0 ? "UPDATE" : nil
        case .standby: return Names.standby[code]
        case .heap2:
            return Names.heap2[code]
                ?? (version.prunesAndFreezesTogether ? Names.pruning : Names.oldPruning)[code]
        case .heap: return Names.heap[code]
        case .btree: return Names.btree[code]
        case .hash: return Names.hash[code]
        case .gin: return Names.gin[code]
        case .gist: return Names.gist[code]
        case .sequence: return code == 0 ? "LOG" : nil
        case .spGist: return Names.spGist[code]
        case .brin: return Names.brin[code]
        case .replicationOrigin: return Names.replicationOrigin[code]
        case .generic: return "Generic"
        case .logicalMessage: return code == 0 ? "MESSAGE" : nil
        }
    }

    /// The operation codes under which `pg_waldump --stats=record` counts: for transactions without the flag
    /// in their highest bit.
    public func statisticsCode(_ info: UInt8) -> UInt8 { info & (self == .transaction ? 0x70 : 0xF0) }
}

extension ResourceManager {
    /// The name that `pg_waldump` prints for a number; `custom128` for an extension's.
    public static func name(of number: UInt8) -> String {
        if let known = ResourceManager(rawValue: number) { return known.name }
        let digits = String(number)
        return "custom" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    /// The name that `pg_waldump` prints for an operation, whatever it is.
    public static func operationName(of number: UInt8, _ info: UInt8, version: WALVersion) -> String {
        ResourceManager(rawValue: number)?.operationName(info, version: version)
            ?? "UNKNOWN (\(String(info & 0xF0, radix: 16)))"
    }
}

extension WALRecord {
    public var resourceManagerName: String { ResourceManager.name(of: resourceManagerID) }

    public var operationName: String {
        ResourceManager.operationName(of: resourceManagerID, info, version: version)
    }

    /// How many bytes of the record are page images.
    public var imageBytes: Int {
        isComplete ? RecordLayout.imageBytes(of: bytes) : 0
    }
}

/// Operation names by code.
private enum Names {
    static let xlog: [UInt8: String] = [
        0x00: "CHECKPOINT_SHUTDOWN", 0x10: "CHECKPOINT_ONLINE", 0x20: "NOOP", 0x30: "NEXTOID",
        0x40: "SWITCH", 0x50: "BACKUP_END", 0x60: "PARAMETER_CHANGE", 0x70: "RESTORE_POINT",
        0x80: "FPW_CHANGE", 0x90: "END_OF_RECOVERY", 0xA0: "FPI_FOR_HINT", 0xB0: "FPI",
        0xD0: "OVERWRITE_CONTRECORD", 0xE0: "CHECKPOINT_REDO",
    ]
    static let transaction: [UInt8: String] = [
        0x00: "COMMIT", 0x10: "PREPARE", 0x20: "ABORT", 0x30: "COMMIT_PREPARED", 0x40: "ABORT_PREPARED",
        0x50: "ASSIGNMENT", 0x60: "INVALIDATION",
    ]
    static let storage: [UInt8: String] = [0x10: "CREATE", 0x20: "TRUNCATE"]
    static let pages: [UInt8: String] = [0x00: "ZEROPAGE", 0x10: "TRUNCATE"]
    static let database: [UInt8: String] = [0x00: "CREATE_FILE_COPY", 0x10: "CREATE_WAL_LOG", 0x20: "DROP"]
    static let tablespace: [UInt8: String] = [0x00: "CREATE", 0x10: "DROP"]
    static let multiXact: [UInt8: String] = [
        0x00: "ZERO_OFF_PAGE", 0x10: "ZERO_MEM_PAGE", 0x20: "CREATE_ID", 0x30: "TRUNCATE_ID",
    ]
    static let standby: [UInt8: String] = [0x00: "LOCK", 0x10: "RUNNING_XACTS", 0x20: "INVALIDATIONS"]
    static let heap2: [UInt8: String] = [
        0x00: "REWRITE", 0x40: "VISIBLE", 0x50: "MULTI_INSERT", 0xD0: "MULTI_INSERT+INIT",
        0x60: "LOCK_UPDATED", 0x70: "NEW_CID",
    ]
    static let pruning: [UInt8: String] = [
        0x10: "PRUNE_ON_ACCESS", 0x20: "PRUNE_VACUUM_SCAN", 0x30: "PRUNE_VACUUM_CLEANUP",
    ]
    static let oldPruning: [UInt8: String] = [0x10: "PRUNE", 0x20: "VACUUM", 0x30: "FREEZE_PAGE"]
    static let heap: [UInt8: String] = [
        0x00: "INSERT", 0x80: "INSERT+INIT", 0x10: "DELETE", 0x20: "UPDATE", 0xA0: "UPDATE+INIT",
        0x40: "HOT_UPDATE", 0xC0: "HOT_UPDATE+INIT", 0x30: "TRUNCATE", 0x50: "HEAP_CONFIRM", 0x60: "LOCK",
        0x70: "INPLACE",
    ]
    static let btree: [UInt8: String] = [
        0x00: "INSERT_LEAF", 0x10: "INSERT_UPPER", 0x20: "INSERT_META", 0x30: "SPLIT_L", 0x40: "SPLIT_R",
        0x50: "INSERT_POST", 0x60: "DEDUP", 0x70: "DELETE", 0x80: "UNLINK_PAGE", 0x90: "UNLINK_PAGE_META",
        0xA0: "NEWROOT", 0xB0: "MARK_PAGE_HALFDEAD", 0xC0: "VACUUM", 0xD0: "REUSE_PAGE",
        0xE0: "META_CLEANUP",
    ]
    static let hash: [UInt8: String] = [
        0x00: "INIT_META_PAGE", 0x10: "INIT_BITMAP_PAGE", 0x20: "INSERT", 0x30: "ADD_OVFL_PAGE",
        0x40: "SPLIT_ALLOCATE_PAGE", 0x50: "SPLIT_PAGE", 0x60: "SPLIT_COMPLETE",
        0x70: "MOVE_PAGE_CONTENTS", 0x80: "SQUEEZE_PAGE", 0x90: "DELETE", 0xA0: "SPLIT_CLEANUP",
        0xB0: "UPDATE_META_PAGE", 0xC0: "VACUUM_ONE_PAGE",
    ]
    static let gin: [UInt8: String] = [
        0x10: "CREATE_PTREE", 0x20: "INSERT", 0x30: "SPLIT", 0x40: "VACUUM_PAGE", 0x50: "DELETE_PAGE",
        0x60: "UPDATE_META_PAGE", 0x70: "INSERT_LISTPAGE", 0x80: "DELETE_LISTPAGE",
        0x90: "VACUUM_DATA_LEAF_PAGE",
    ]
    static let gist: [UInt8: String] = [
        0x00: "PAGE_UPDATE", 0x10: "DELETE", 0x20: "PAGE_REUSE", 0x30: "PAGE_SPLIT", 0x60: "PAGE_DELETE",
        0x70: "ASSIGN_LSN",
    ]
    static let spGist: [UInt8: String] = [
        0x10: "ADD_LEAF", 0x20: "MOVE_LEAFS", 0x30: "ADD_NODE", 0x40: "SPLIT_TUPLE", 0x50: "PICKSPLIT",
        0x60: "VACUUM_LEAF", 0x70: "VACUUM_ROOT", 0x80: "VACUUM_REDIRECT",
    ]
    static let brin: [UInt8: String] = [
        0x00: "CREATE_INDEX", 0x10: "INSERT", 0x90: "INSERT+INIT", 0x20: "UPDATE", 0xA0: "UPDATE+INIT",
        0x30: "SAMEPAGE_UPDATE", 0x40: "REVMAP_EXTEND", 0x50: "DESUMMARIZE",
    ]
    static let replicationOrigin: [UInt8: String] = [0x00: "SET", 0x10: "DROP"]
}
