/// What the WAL at a server's end was found to be.
public enum WALTailVerdict: Hashable, Sendable {
    /// It ends there, as far as anything tells.
    case whole(LSN)
    /// It may be damaged, or was read at a bad moment: to be read again.
    case unclear(WALTailDamage)
    case damaged(WALTailDamage)
}

/// Something that shows how far a server's WAL goes at least.
public enum WALTailBound: Hashable, Sendable {
    /// A running server had flushed up to there.
    case flushed(LSN)
    /// A server that does not run any more had flushed up to there when it was last asked.
    case seen(LSN)
    /// The checkpoint with which the server stopped in order begins there, its last record.
    case shutdownCheckpoint(LSN)
    /// The latest checkpoint of a server that crashed begins there.
    case checkpoint(LSN)
    /// Recovery had replayed up to there.
    case minimumRecovery(LSN)
    /// The server had finished the segment that ends there.
    case finishedSegment(LSN)
    /// A base backup ended there.
    case backup(LSN)
    /// A sound record of the same WAL begins there.
    case record(LSN)

    /// Whether it is the last record that a server wrote when it stopped in order.
    public var isEndOfOrderlyStop: Bool { if case .shutdownCheckpoint = self { true } else { false } }

    /// WAL that ends before this one is not whole.
    public var position: LSN {
        switch self {
        case .flushed(let lsn), .seen(let lsn), .minimumRecovery(let lsn), .finishedSegment(let lsn),
            .backup(let lsn):
            lsn
        case .shutdownCheckpoint(let lsn), .checkpoint(let lsn), .record(let lsn):
            lsn.advanced(by: 1)
        }
    }

    /// What it says, as the end of a sentence.
    public var explanation: String {
        switch self {
        case .flushed(let lsn): "the server has flushed up to \(lsn)"
        case .seen(let lsn): "the server had flushed up to \(lsn) when it was last asked"
        case .shutdownCheckpoint(let lsn): "the server stopped with a checkpoint at \(lsn)"
        case .checkpoint(let lsn): "the server's latest checkpoint is at \(lsn)"
        case .minimumRecovery(let lsn): "the server had recovered up to \(lsn)"
        case .finishedSegment(let lsn): "the server had written it up to \(lsn)"
        case .backup(let lsn): "a base backup ended at \(lsn)"
        case .record(let lsn): "a sound record follows at \(lsn)"
        }
    }
}

/// Damage in WAL that should go on.
public struct WALTailDamage: Hashable, Sendable {
    /// Where the first record begins that cannot be read: all before it is whole.
    public var position: LSN
    /// Why reading ended there; nil where bytes are missing.
    public var end: WALEnd?
    /// What shows that it should go on.
    public var bound: WALTailBound

    public init(position: LSN, end: WALEnd?, bound: WALTailBound) {
        self.position = position
        self.end = end
        self.bound = bound
    }

    /// What was found, in words.
    public var explanation: String {
        let why = end?.explanation ?? "what follows is missing"
        return "readable up to \(position), then \(why), although \(bound.explanation)"
    }
}
