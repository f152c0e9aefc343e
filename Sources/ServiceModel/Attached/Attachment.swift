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
    /// What the source let slots hold back when it was attached, in its own words; nil where nothing bounded
    /// them.
    public var slotBound: String?
    /// Where else its primary may be; nil for nowhere.
    public var alternatives: [SourceAddress]?
    /// WAL, in bytes, that the slot may hold back on the source before it is given up; nil for the default.
    public var walLimit: UInt64?
    /// Kilobytes a second that each of its base backups may take; nil for as fast as it goes.
    public var maxRate: Int?
    /// The stream's name for `synchronous_standby_names`; nil where commits are not to wait for it.
    public var synchronousName: String?
    /// How often the role's password was changed here; nil for never. Each has a file of its own.
    public var passwordNumber: Int?

    public static let defaultWALLimit: UInt64 = 10 << 30
    /// Less is passed by every pause of a busy server's stream.
    public static let leastWALLimit: UInt64 = 32 << 20

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

    /// All the addresses, in the order in which they are tried.
    public var addresses: [SourceAddress] { [SourceAddress(host: host, port: port)] + (alternatives ?? []) }

    /// `db.example.org:5432`, or several with commas between them.
    public var addressText: String { addresses.map { "\($0)" }.joined(separator: ",") }

    /// Whether every address is a socket of this machine.
    public var isLocal: Bool { addresses.allSatisfy(\.isLocal) }
}
