public import PostgresFormat

/// A server that was there already and is not run by us: how it is reached, and what keeps its WAL.
public struct Attachment: Hashable, Sendable, Codable {
    /// What keeps WAL on the source until it is here.
    public enum Slot: Hashable, Sendable, Codable {
        /// It holds WAL back also while nobody receives, at most as much as the source allows.
        case permanent(name: String)
        /// It goes with the connection: a longer outage may leave a gap.
        case temporary(name: String)
        case none

        public var name: String? {
            switch self {
            case .permanent(let name), .temporary(let name): name
            case .none: nil
            }
        }
    }

    /// How the connection is protected: libpq's words for `sslmode`.
    public enum Security: String, Hashable, Sendable, Codable, CaseIterable {
        case disable, prefer, require
        case verifyCA = "verify-ca"
        case verifyFull = "verify-full"
    }

    /// An address, a name, or the directory of a Unix socket.
    public var host: String
    public var port: UInt16
    public var user: String
    public var security: Security
    /// The certificate authority's file; nil is libpq's own place.
    public var rootCertificate: String?
    public var slot: Slot
    /// What the source lets slots hold back, in its own words; nil where nothing bounds them.
    public var slotBound: String?

    public init(
        host: String, port: UInt16, user: String, security: Security, rootCertificate: String?, slot: Slot,
        slotBound: String?
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.security = security
        self.rootCertificate = rootCertificate
        self.slot = slot
        self.slotBound = slotBound
    }

    /// What is promised of WAL while nobody receives.
    public var guarantee: String {
        switch slot {
        case .permanent(let name):
            if let slotBound {
                "slot \(name) holds back at most \(slotBound) of WAL while nobody receives; more is a gap"
            } else {
                "slot \(name) is unbounded: while nobody receives, WAL can fill the source's disk"
            }
        case .temporary: "a temporary slot: WAL that the source forgets while nobody receives is a gap"
        case .none: "no slot: WAL that the source forgets before it is received is a gap"
        }
    }
}

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

    public init(attachment: Attachment, phase: Phase) {
        self.attachment = attachment
        self.phase = phase
    }

    /// Bytes that the source has and that are not here.
    public var lagBytes: UInt64? {
        guard let durable, let sourceEnd else { return nil }
        return sourceEnd > durable ? sourceEnd.distance(from: durable) : 0
    }
}
