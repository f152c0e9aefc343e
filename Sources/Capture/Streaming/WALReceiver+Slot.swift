import Platform
public import PostgresClient
import PostgresFormat
import Repository

/// What a receiver does, and for whom.
public struct ReceiverSettings: Sendable, Hashable {
    /// What keeps WAL on the source until it is here.
    public enum Slot: Sendable, Hashable {
        /// It is there already: made by us, since attaching refuses one that somebody else made.
        ///
        /// Where it has to be made anew on a source that does not bound it, a temporary one takes its place
        /// unless it may be unbounded.
        case permanent(SlotName, mayBeUnbounded: Bool)
        /// Made anew with every connection, gone with it.
        case temporary(SlotName)
        case none

        var name: SlotName? {
            switch self {
            case .permanent(let name, _), .temporary(let name): name
            case .none: nil
            }
        }

        func lifetime(whereBounded isBounded: Bool) -> SlotLifetime {
            switch self {
            case .permanent(_, let mayBeUnbounded): isBounded || mayBeUnbounded ? .permanent : .temporary
            case .temporary, .none: .temporary
            }
        }
    }

    /// All the addresses of the source.
    public var connection: ConnectionParameters
    public var slot: Slot
    /// WAL, in bytes, that the slot may hold back on the source before it is given up.
    public var walLimit: UInt64
    /// Commits of the source are meant to wait for the stream, whether it was told so yet or not.
    public var isSynchronous = false

    public init(connection: ConnectionParameters, slot: Slot, walLimit: UInt64) {
        self.connection = connection
        self.slot = slot
        self.walLimit = walLimit
    }

    /// Whether a connection made for the one does for the other.
    func sharesConnection(with other: ReceiverSettings) -> Bool {
        connection == other.connection && slot == other.slot
    }
}

/// How the slot of a stream stands.
struct SlotStanding {
    var name: SlotName?
    /// It keeps WAL from there on.
    var start = LSN.zero
    /// What it may hold back in all, in bytes.
    var limit = UInt64.max
    /// What the source kept for itself when the slot was made: giving it up gives nothing of that back.
    var own: UInt64 = 0
    var lifetime = SlotLifetime.permanent
}

/// The slot, and the source's disk.
extension WALReceiver {
    /// Asks the source how the slot stands, and sees to it that there is one.
    ///
    /// One that somebody dropped, or that the source gave up, is made anew: WAL is kept again from now on,
    /// and whether something is missing the stream tells. The same is done with one that holds back more
    /// than it may: the source's disk comes before the WAL, and a gap ends with the next base backup.
    ///
    /// - Parameter before: how it stood on this connection.
    func look(
        _ primary: SourcePrimary, _ settings: ReceiverSettings, before: SlotStanding?
    ) throws(Problem) -> SlotStanding {
        let connection = primary.connection
        let keepSize = try connection.show("max_slot_wal_keep_size")
        let names = try connection.show("synchronous_standby_names")
        let end = before == nil ? primary.identity.flushLSN : try connection.identifySystem().flushLSN
        var standing = before ?? SlotStanding(name: settings.slot.name)
        var held: UInt64 = 0
        if let name = standing.name {
            let restart = try connection.slotRestart(name)
            held = restart.map { end > $0 && $0 != .zero ? end.distance(from: $0) : 0 } ?? 0
            standing.limit = Self.sum(settings.walLimit, standing.own)
            let reason: SlotRenewal.Reason? =
                switch restart {
                case nil: .missing
                case LSN.zero: .source
                case _ where held > standing.limit: .limit
                default: nil
                }
            standing.start = restart ?? .zero
            if let reason {
                standing.lifetime = settings.slot.lifetime(whereBounded: keepSize != "-1")
                held = try renew(&standing, name, restart != nil, end, on: connection)
                standing.limit = Self.sum(settings.walLimit, held)
                // A temporary one is made with every connection.
                if reason != .missing || standing.lifetime == .permanent { noteRenewal(reason) }
            } else if before == nil, case .temporary = settings.slot {
                standing.lifetime = .temporary
            }
        }
        var answers = SourceAnswers(
            address: "\(primary.address)", slotKeepSize: keepSize, synchronousNames: names,
            slotIsTemporary: standing.name.map { _ in standing.lifetime == .temporary }, held: held)
        answers.at = clock.now()
        change { $0.source = answers }
        return standing
    }

    /// Makes the slot anew; answers what it holds back from the beginning.
    private func renew(
        _ standing: inout SlotStanding, _ name: SlotName, _ isThere: Bool, _ end: LSN,
        on connection: ReplicationConnection
    ) throws(Problem) -> UInt64 {
        if isThere { try connection.dropSlot(name) }
        try connection.createSlot(name, standing.lifetime)
        standing.start = try connection.slotRestart(name) ?? .zero
        standing.own = end > standing.start ? end.distance(from: standing.start) : 0
        return standing.own
    }

    /// A slot that the source has invalidated although it still tells where it kept WAL from, such as one
    /// that was idle for longer than `idle_replication_slot_timeout` allows. The next connection uses it.
    func renewInvalidated(_ slot: SlotStanding, on connection: ReplicationConnection) throws(Problem) {
        guard let name = slot.name, slot.lifetime == .permanent else { return }
        try connection.dropSlot(name)
        try connection.createSlot(name, .permanent)
        noteRenewal(.source)
    }

    private func noteRenewal(_ reason: SlotRenewal.Reason) {
        let now = clock.now()
        change { $0.renewal = SlotRenewal(at: now, reason: reason) }
    }

    private static func sum(_ one: UInt64, _ other: UInt64) -> UInt64 {
        one > .max - other ? .max : one + other
    }
}
