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
    public var host: String
    public var port: Int
    @OrNull public var problem: String?
    /// What would be lost with the source now, in seconds.
    @OrNull public var rpoSeconds: Double?
    @OrNull public var since: String?
    @OrNull public var slot: String?
    public var sslMode: String
    /// `Streaming`, `Connecting`, `Waiting` or `NotReceiving`.
    public var state: String
    public var user: String

    public init(_ state: AttachedState) {
        guarantee = state.attachment.guarantee
        host = state.attachment.host
        port = Int(state.attachment.port)
        sslMode = state.attachment.security.rawValue
        self.state = state.phase.rawValue
        user = state.attachment.user
        behindBytes = state.lagBytes
        durableLsn = state.durable?.description
        gapLsn = state.gap?.description
        problem = state.problem
        rpoSeconds = state.rpoSeconds
        since = state.since?.wireText
        slot = state.attachment.slot.name
    }
}
