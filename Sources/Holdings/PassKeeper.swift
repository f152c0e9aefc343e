import Planning
import Platform
import PostgresFormat
import Repository
import WALEvents

/// Keeps where passes over archived WAL stood, for a process that goes through the same WAL again and again:
/// with what an archive is known to hold, and no longer than that is the same.
struct PassKeeper {
    /// All that a pass is made from, beside what the archive holds.
    struct Evidence: Equatable, Sendable {
        /// Whose catalogs it began with.
        var start: InventoryBackup
        var minimumRows: Int64
        /// How many segments were taken in from there.
        var indexed: Int
        /// Those, and those before them that may have been looked at; nil for each that is not whole.
        var segments: [ArchivedSegment?]
    }

    /// Where a pass stood, with the events up to there.
    struct Kept: Sendable {
        var taken: EventPass.Taken
        var events: [WALEvent]
    }

    private let listing: ArchiveListing?
    private let isSound: () -> Bool

    /// Keeps nothing.
    init() {
        self.init(nil) { false }
    }

    /// - Parameters:
    ///   - listing: nil where nothing is kept.
    ///   - isSound: whether all that was looked for in base backups could be read.
    init(_ listing: ArchiveListing?, isSound: @escaping () -> Bool) {
        self.listing = listing
        self.isSound = isSound
    }

    /// Where a pass from the same evidence stands, made where that is not known; nil where it is not kept.
    ///
    /// - Parameters:
    ///   - evidence: nil where it is made in any case.
    ///   - make: answers with the events that were handed over, nil where they are too many.
    func kept(
        _ evidence: Evidence?, _ make: () throws -> (EventPass.Taken?, events: [WALEvent]?)
    ) throws -> Kept? {
        guard let listing, let evidence else {
            _ = try make()
            return nil
        }
        return try listing.conclusion("events", for: evidence) {
            let (taken, events) = try make()
            guard isSound(), let taken, let events else { return nil }
            return Kept(taken: taken, events: events)
        }
    }

    /// Whoever looks at more waits for them.
    static let mostEvents = 4096
}
