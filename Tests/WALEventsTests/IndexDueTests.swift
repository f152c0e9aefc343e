import PostgresFormat
import Testing
import WALEvents

/// When maintenance makes an index anew: a push may still be about to write the one that is not there.
struct IndexDueTests {
    private func entry(_ state: WALIndexEntry.State) -> WALIndexEntry {
        WALIndexEntry(
            segment: SegmentName(timeline: TimelineID(1), number: 3), state: state, reason: nil,
            segmentBytes: 1000, indexBytes: 0, commits: nil)
    }

    @Test(arguments: [WALIndexEntry.State.missing, .stale, .damaged])
    func `an index that cannot be believed is due an hour after its segment came`(
        _ state: WALIndexEntry.State
    ) {
        let stored: Int64 = 1_774_994_533
        for (age, isDue) in [(0, false), (3599, false), (3600, false), (3601, true), (864_000, true)] {
            #expect(entry(state).isDue(storedAt: stored, now: stored + Int64(age)) == isDue, "\(age) s")
        }
        // The clock was set back meanwhile.
        #expect(!entry(state).isDue(storedAt: stored, now: stored - 7200))
    }

    @Test(arguments: [WALIndexEntry.State.present, .unusable])
    func `one that is right is never due, nor is that of a segment which cannot be read`(
        _ state: WALIndexEntry.State
    ) {
        #expect(!entry(state).isDue(storedAt: 0, now: 1_774_994_533))
    }
}
