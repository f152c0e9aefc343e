import PostgresFormat
public import ServiceModel

/// An attached server's own: how it is reached, and how its WAL is received. Never its password.
public struct AttachedDocument: Codable, Sendable, Hashable {
    /// WAL that the source has and that is not here, in bytes.
    @OrNull public var behindBytes: UInt64?
    @OrNull public var durableLsn: String?
    /// Where WAL was gone before it was received, when that happened last.
    @OrNull public var gapLsn: String?
    public var guarantee: String
    /// WAL that the slot holds back on the source, in bytes, and at how many it is given up.
    @OrNull public var heldBackBytes: UInt64?
    @OrNull public var heldBackLimitBytes: UInt64?
    /// `Normal`, `NearLimit` or `Unwatched`.
    @OrNull public var heldBackState: String?
    public var host: String
    /// All the addresses, in the order in which they are tried.
    public var hosts: [String]
    /// Whether commits on the source wait for the stream.
    public var isAwaited: Bool
    /// Kilobytes a second that each base backup may take; null for as fast as it goes.
    @OrNull public var maxRateKilobytes: Int?
    public var port: Int
    /// The address at which the primary answered last.
    @OrNull public var primary: String?
    @OrNull public var problem: String?
    /// What would be lost with the source now, in seconds.
    @OrNull public var rpoSeconds: Double?
    @OrNull public var since: String?
    @OrNull public var slot: String?
    /// When the slot was last made anew, and why: `Limit`, `Source` or `Missing`.
    @OrNull public var slotRenewedAt: String?
    @OrNull public var slotRenewedBecause: String?
    public var sslMode: String
    /// `Streaming`, `Connecting`, `Waiting` or `NotReceiving`.
    public var state: String
    /// The stream's name for `synchronous_standby_names`.
    @OrNull public var synchronousName: String?
    public var user: String

    public init(_ state: AttachedState) {
        guarantee = state.guarantee
        host = state.attachment.host
        port = Int(state.attachment.port)
        sslMode = state.attachment.security.rawValue
        self.state = state.phase.rawValue
        hosts = state.attachment.addresses.map(\.description)
        isAwaited = state.isAwaited
        maxRateKilobytes = state.attachment.maxRate
        user = state.attachment.user
        behindBytes = state.lagBytes
        durableLsn = state.durable?.description
        gapLsn = state.gap?.description
        problem = state.problem
        rpoSeconds = state.rpoSeconds
        since = state.since?.wireText
        slot = state.attachment.slot.name
        primary = state.primary
        synchronousName = state.attachment.synchronousName
        heldBackBytes = state.slot?.held
        heldBackLimitBytes = state.slot?.limit
        heldBackState = state.slot?.level.rawValue
        slotRenewedAt = state.slot?.renewedAt?.wireText
        slotRenewedBecause = state.slot?.renewal?.rawValue
    }
}
