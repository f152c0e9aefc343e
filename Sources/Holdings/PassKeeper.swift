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
        var path: TimelinePath
        var histories: [TimelineID: TimelineHistory]
        /// The first segment that was taken in wholly.
        var first: SegmentName
        /// That and those behind it, and those before it that may have been looked at.
        var segments: [SegmentName]
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
    /// - Parameter evidence: nil where it is made in any case.
    func kept(_ evidence: Evidence?, _ make: () throws -> Kept?) throws -> Kept? {
        guard let listing, let evidence else { return try make() }
        return try listing.conclusion("events", for: evidence) {
            let made = try make()
            return isSound() ? made : nil
        }
    }

    /// Whoever looks at more waits for them.
    static let mostEvents = 4096
}
