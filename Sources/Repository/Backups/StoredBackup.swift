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
    /// What was read beside its description already.
    var noted: Noted?

    struct Noted: Sendable {
        var lastCheck: BackupCheck?
        var hasPrepared: Bool
    }

    init(name: String, layout: RepositoryLayout, content: Content) {
        self.name = name
        self.layout = layout
        self.content = content
    }

    public var descriptor: BackupDescriptor? {
        if case .intact(let descriptor) = content { descriptor } else { nil }
    }

    public var damage: Problem? {
        if case .damaged(let problem) = content { problem } else { nil }
    }

    /// What the last check of this very backup found; nil when there was none, or its note cannot be read.
    public var lastCheck: BackupCheck? {
        if let noted { return noted.lastCheck }
        return descriptor.flatMap { BackupChecks(layout: layout).last(of: $0) }
    }

    /// The two-phase transactions that were prepared when it was taken.
    public var preparedTransactions: [TransactionID] {
        guard noted?.hasPrepared ?? true else { return [] }
        return descriptor.map { BackupFiles.preparedTransactions(of: $0, in: layout) } ?? []
    }

    /// What their files say, as far as they can be read.
    public var preparedStates: [PreparedTransactionState] {
        guard noted?.hasPrepared ?? true else { return [] }
        return descriptor.map { BackupFiles.preparedStates(of: $0, in: layout) } ?? []
    }

    var preparedFiles: [String] { BackupFiles.preparedFiles(of: name, in: layout) }
}
