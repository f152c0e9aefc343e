/// What a record of the WAL's own resource manager says (`pg_control.h`).
public enum XLogOperation {
    public static let checkpointShutdown: UInt8 = 0x00
    public static let checkpointOnline: UInt8 = 0x10
    public static let switchSegment: UInt8 = 0x40
    public static let backupEnd: UInt8 = 0x50
    public static let parameterChange: UInt8 = 0x60
    public static let restorePoint: UInt8 = 0x70
    public static let fullPageWrites: UInt8 = 0x80
    public static let endOfRecovery: UInt8 = 0x90
    public static let fullPageImageForHint: UInt8 = 0xA0
    public static let fullPageImage: UInt8 = 0xB0
    public static let overwriteContinuation: UInt8 = 0xD0
    /// Since PostgreSQL 17: where a checkpoint's redo begins.
    public static let checkpointRedo: UInt8 = 0xE0
}

/// The settings of a primary that a recovering copy must not fall below; a parameter change record carries
/// them.
public struct WALParameters: Hashable, Sendable {
    public var maxConnections: Int32
    public var maxWorkerProcesses: Int32
    public var maxWalSenders: Int32
    public var maxPreparedTransactions: Int32
    public var maxLocksPerTransaction: Int32
    public var walLevel: WALLevel

    public init(
        maxConnections: Int32, maxWorkerProcesses: Int32, maxWalSenders: Int32,
        maxPreparedTransactions: Int32, maxLocksPerTransaction: Int32, walLevel: WALLevel
    ) {
        self.maxConnections = maxConnections
        self.maxWorkerProcesses = maxWorkerProcesses
        self.maxWalSenders = maxWalSenders
        self.maxPreparedTransactions = maxPreparedTransactions
        self.maxLocksPerTransaction = maxLocksPerTransaction
        self.walLevel = walLevel
    }
}

/// How much the WAL tells; `minimal` cannot be restored from.
public enum WALLevel: Int32, Hashable, Sendable, CaseIterable {
    case minimal = 0
    case replica = 1
    case logical = 2

    /// As in `postgresql.conf`.
    public var name: String {
        switch self {
        case .minimal: "minimal"
        case .replica: "replica"
        case .logical: "logical"
        }
    }
}

/// A named point in the WAL, made by `pg_create_restore_point`.
public struct WALRestorePoint: Hashable, Sendable {
    public let name: String
    public let time: PostgresTimestamp
}

/// A tablespace made: where, or in-place when PostgreSQL keeps it inside the data directory.
public enum WALTablespaceCreation: Hashable, Sendable {
    case ordinary(path: String)
    case inPlace
}

extension WALRecord {
    /// Whether this record belongs to the WAL's own resource manager and is of that operation.
    public func isXLog(_ operation: UInt8) -> Bool {
        resourceManagerID == ResourceManager.xlog.rawValue && self.operation == operation
    }

    /// The named restore point that this record is.
    public var restorePoint: WALRestorePoint? {
        guard isXLog(XLogOperation.restorePoint), let mainData else { return nil }
        var reader = ByteReader(mainData)
        guard let time = reader.next(Int64.self) else { return nil }
        return WALRestorePoint(
            name: Self.text(mainData.part(8, min(64, reader.remaining))),
            time: PostgresTimestamp(microseconds: time))
    }

    /// The settings that this parameter change record carries.
    public var parameterChange: WALParameters? {
        guard isXLog(XLogOperation.parameterChange), let mainData else { return nil }
        var reader = ByteReader(mainData)
        guard let connections = reader.next(Int32.self), let workers = reader.next(Int32.self),
            let senders = reader.next(Int32.self), let prepared = reader.next(Int32.self),
            let locks = reader.next(Int32.self), let level = reader.next(Int32.self).flatMap(WALLevel.init)
        else { return nil }
        return WALParameters(
            maxConnections: connections, maxWorkerProcesses: workers, maxWalSenders: senders,
            maxPreparedTransactions: prepared, maxLocksPerTransaction: locks, walLevel: level)
    }

    /// The tablespace whose creation this record tells.
    public var tablespaceCreation: WALTablespaceCreation? {
        guard resourceManagerID == ResourceManager.tablespace.rawValue, operation == 0x00, let mainData,
            mainData.count > 4
        else { return nil }
        let path = Self.text(mainData.part(4, mainData.count - 4))
        return path.isEmpty ? .inPlace : .ordinary(path: path)
    }

    /// The number of the tablespace that this record makes.
    public var createdTablespace: UInt32? {
        guard tablespaceCreation != nil, let mainData else { return nil }
        return mainData.little(0)
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
