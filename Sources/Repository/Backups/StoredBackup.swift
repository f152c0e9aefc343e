public import Platform
public import PostgresFormat

/// A finished backup as its folder has it: one value for all that is read there.
public struct StoredBackup: Sendable {
    public enum Content: Sendable {
        case intact(BackupDescriptor)
        /// `backup.json` is missing, damaged or of another backup: a `.backupDamaged` problem.
        case damaged(Problem)
    }

    public let name: String
    public let layout: RepositoryLayout
    public let content: Content

    public var descriptor: BackupDescriptor? {
        if case .intact(let descriptor) = content { descriptor } else { nil }
    }

    public var damage: Problem? {
        if case .damaged(let problem) = content { problem } else { nil }
    }

    /// What the last check of this very backup found; nil when there was none, or its note cannot be read.
    public var lastCheck: BackupCheck? {
        descriptor.flatMap { BackupChecks(layout: layout).last(of: $0) }
    }

    /// The two-phase transactions that were prepared when it was taken.
    public var preparedTransactions: [TransactionID] {
        descriptor.map { BackupFiles.preparedTransactions(of: $0, in: layout) } ?? []
    }

    /// What their files say, as far as they can be read.
    public var preparedStates: [PreparedTransactionState] {
        descriptor.map { BackupFiles.preparedStates(of: $0, in: layout) } ?? []
    }
}
