import PostgresFormat
import Testing

@testable import Capture

/// Where receiving goes on after a promotion, as values.
struct ReceivedPlaceTests {
    private static let megabytes: UInt64 = 1 << 20

    private static func place(_ timeline: UInt32, _ megabyte: UInt64) -> ReceivedPlace {
        ReceivedPlace(timeline: TimelineID(timeline), start: LSN(megabyte * megabytes))
    }

    private static func history(_ ends: [(UInt32, LSN)], of timeline: UInt32) throws -> TimelineHistory {
        let text = ends.map { "\($0.0)\t\($0.1)\tpromoted\n" }.joined()
        return try TimelineHistory(parsing: text, of: TimelineID(timeline))
    }

    @Test(.timeLimit(.minutes(5)))
    func `a timeline that goes on behind the place is received to its end`() throws {
        let history = try Self.history([(1, LSN(40 * Self.megabytes))], of: 2)
        let place = Self.place(1, 32)
        #expect(place.followed(along: history, .standard) == place)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a fork before the place is followed from the segment that holds it`() throws {
        let history = try Self.history([(1, LSN(40 * Self.megabytes))], of: 2)
        #expect(Self.place(1, 48).followed(along: history, .standard) == Self.place(2, 32))
        #expect(Self.place(1, 640).followed(along: history, .standard) == Self.place(2, 32))
    }

    @Test(.timeLimit(.minutes(5)))
    func `a fork at the place itself is followed, also through several timelines`() throws {
        let fork = LSN(48 * Self.megabytes)
        let history = try Self.history([(1, fork), (3, fork)], of: 4)
        #expect(Self.place(1, 48).followed(along: history, .standard) == Self.place(4, 48))
        #expect(Self.place(4, 48).followed(along: history, .standard) == Self.place(4, 48))
    }

    @Test(.timeLimit(.minutes(5)))
    func `a timeline that is no ancestor is left to the server to refuse`() throws {
        let history = try Self.history([(1, LSN(40 * Self.megabytes))], of: 3)
        #expect(Self.place(2, 48).followed(along: history, .standard) == Self.place(2, 48))
    }
}
