public import PostgresFormat

/// What lies in a stretch of WAL that makes a difference to where recovery may stop, or whether it may run at
/// all.
public struct SegmentHazards: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// A sequence moved: replayed even when its transaction is outside.
    public static let sequence = SegmentHazards(rawValue: 1 << 0)
    public static let databaseCreate = SegmentHazards(rawValue: 1 << 1)
    public static let databaseDrop = SegmentHazards(rawValue: 1 << 2)
    /// An ordinary tablespace was made: replaying it links the copy to a directory outside.
    public static let tablespaceCreate = SegmentHazards(rawValue: 1 << 3)
    /// A tablespace inside the data directory was made: harmless.
    public static let tablespaceCreateInPlace = SegmentHazards(rawValue: 1 << 4)
    public static let tablespaceDrop = SegmentHazards(rawValue: 1 << 5)
    /// A mapped system catalog got a new file, outside any transaction record.
    public static let relationMap = SegmentHazards(rawValue: 1 << 6)
    public static let parameterChange = SegmentHazards(rawValue: 1 << 7)
    public static let restorePoint = SegmentHazards(rawValue: 1 << 8)
    /// A transaction was prepared: recovery never compares that record's time with a target.
    public static let prepare = SegmentHazards(rawValue: 1 << 9)
    public static let logicalMessage = SegmentHazards(rawValue: 1 << 10)
    /// The server went on with `wal_level = minimal`: recovery past here fails.
    public static let walLevelMinimal = SegmentHazards(rawValue: 1 << 11)
    public static let checkpointShutdown = SegmentHazards(rawValue: 1 << 12)
    public static let endOfRecovery = SegmentHazards(rawValue: 1 << 13)
    /// A row of `pg_database` was overwritten where it is: replayed whatever becomes of the transaction. So
    /// DROP DATABASE marks what nobody can use any more, a moment before it removes the files.
    public static let databaseMark = SegmentHazards(rawValue: 1 << 14)

    static let all = SegmentHazards(rawValue: 1 << 15 - 1)
}

/// Tells the hazard of one record.
public enum RecordHazard {
    /// What this record is, of the things that matter; empty for nearly every record.
    public static func of(_ record: borrowing WALRecord) -> SegmentHazards {
        guard let manager = record.resourceManager else { return [] }
        let plain = of(manager, operation: record.operation)
        if plain.contains(.tablespaceCreate), record.tablespaceCreation == .inPlace {
            return .tablespaceCreateInPlace
        }
        // Of all shared catalogs only that one's rows are overwritten.
        if plain.contains(.databaseMark), let relation = record.firstRelation,
            relation.tablespace != .globalTablespace
        {
            return []
        }
        if plain.contains(.parameterChange), record.parameterChange?.walLevel == .minimal {
            return [.parameterChange, .walLevelMinimal]
        }
        return plain
    }

    /// The same from the header alone: a tablespace counts as ordinary, a change of parameters not as
    /// minimal, a row overwritten as one of `pg_database`.
    public static func of(_ manager: ResourceManager, operation: UInt8) -> SegmentHazards {
        switch manager {
        case .heap: operation & 0x70 == 0x70 ? .databaseMark : []
        case .sequence: .sequence
        case .relationMap: .relationMap
        case .logicalMessage: .logicalMessage
        case .database: operation == 0x20 ? .databaseDrop : .databaseCreate
        case .tablespace: operation == 0x10 ? .tablespaceDrop : .tablespaceCreate
        case .transaction: operation & 0x70 == TransactionEnd.Kind.prepare.rawValue ? .prepare : []
        case .xlog: ofXLog(operation)
        default: []
        }
    }

    private static func ofXLog(_ operation: UInt8) -> SegmentHazards {
        switch operation {
        case XLogOperation.checkpointShutdown: .checkpointShutdown
        case XLogOperation.parameterChange: .parameterChange
        case XLogOperation.restorePoint: .restorePoint
        case XLogOperation.endOfRecovery: .endOfRecovery
        default: []
        }
    }
}
