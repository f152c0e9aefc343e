public import PostgresFormat

/// How an attached source stands.
public struct AttachedState: Hashable, Sendable {
    public enum Phase: String, Hashable, Sendable {
        case connecting = "Connecting"
        case streaming = "Streaming"
        /// The connection is lost and is tried again.
        case waiting = "Waiting"
        /// Nobody receives: neither `pitr serve` nor `pitr receive` runs.
        case notReceiving = "NotReceiving"
    }

    public var attachment: Attachment
    public var phase: Phase
    public var since: PostgresTimestamp?
    /// Everything before is on the disk here.
    public var durable: LSN?
    /// How far the source said it was.
    public var sourceEnd: LSN?
    /// How old the last moment is up to which nothing is missing: what would be lost if the source were lost
    /// now, in seconds.
    public var rpoSeconds: Double?
    public var problem: String?
    /// WAL from there on was gone before it was received, when that happened last.
    public var gap: LSN?
    /// The address at which its primary answered last.
    public var primary: String?
    /// What its slot holds back there, and may.
    public var slot: SlotState?
    /// Whom its commits wait for, as it said last; nil where it was not asked yet.
    public var synchronousNames: String?

    public init(attachment: Attachment, phase: Phase) {
        self.attachment = attachment
        self.phase = phase
    }

    /// Bytes that the source has and that are not here; nil while nobody hears from it how far it is.
    public var lagBytes: UInt64? {
        guard phase == .streaming, let durable, let sourceEnd else { return nil }
        return sourceEnd > durable ? sourceEnd.distance(from: durable) : 0
    }

    /// What is promised of WAL while nobody receives, as the source's settings are now.
    public var guarantee: String {
        guard let slot else { return "no slot: WAL that the source forgets before it is received is a gap" }
        if slot.isTemporary {
            return "a temporary slot: WAL that the source forgets while nobody receives is a gap"
        }
        if let bound = slot.bound {
            return "slot \(slot.name) holds back at most \(bound) of WAL while nobody receives; more is a gap"
        }
        return phase == .notReceiving
            ? "none: slot \(slot.name) is unbounded and nobody receives, WAL can fill the source's disk now"
            : "slot \(slot.name) is unbounded: while nobody receives, WAL can fill the source's disk"
    }

    /// Whether commits on the source wait for this stream.
    public var isAwaited: Bool {
        guard let names = synchronousNames else { return false }
        return attachment.isNamed(in: names)
    }

    /// Why commits that wait for this stream are not confirmed at this moment.
    public enum Standstill: Hashable, Sendable {
        case notReceived
        /// In bytes. PostgreSQL counts nobody who has not caught up yet.
        case catchingUp(behind: UInt64)
    }

    /// Nil where no commit waits for it, or none for long.
    public var standstill: Standstill? {
        guard isAwaited else { return nil }
        guard phase == .streaming else { return .notReceived }
        guard let lag = lagBytes, lag >= Self.farBehind else { return nil }
        return .catchingUp(behind: lag)
    }

    private static let farBehind: UInt64 = 16 << 20
}

extension Attachment {
    /// Whether `synchronous_standby_names` has the stream's name: `ANY 1 (pitr_prod, "other")`, or `*`.
    public func isNamed(in names: String) -> Bool {
        guard let name = synchronousName else { return false }
        return names.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "*") }
            .contains { $0 == "*" || $0.lowercased() == name.lowercased() }
    }
}
