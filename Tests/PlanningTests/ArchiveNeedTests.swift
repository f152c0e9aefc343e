import Planning
import PostgresFormat
import TestKit
import Testing

/// What an archive misses is what a backup needs, no more and no less.
struct ArchiveNeedTests {
    private static let size = WALCraft.smallSegment

    private func name(_ timeline: UInt32, _ number: UInt64) -> SegmentName {
        SegmentName(timeline: TimelineID(timeline), number: number, size: Self.size)
    }

    private func lsn(_ number: UInt64, _ offset: UInt64 = 40) -> LSN {
        LSN(number * Self.size.bytes + offset)
    }

    private func backup(_ name: String, from first: UInt64, to last: UInt64) -> KeptBackup {
        KeptBackup(name: name, timeline: TimelineID(1), start: lsn(first), stop: lsn(last, 500))
    }

    /// Timeline 2 leaves timeline 1 in the middle of segment 5.
    private func fork() throws -> [TimelineID: TimelineHistory] {
        [
            TimelineID(2): try TimelineHistory(
                parsing: "1\t\(lsn(5, 1000))\tno recovery target specified\n", of: TimelineID(2))
        ]
    }

    private func gaps(
        _ held: [SegmentName], _ backups: [KeptBackup], _ histories: [TimelineID: TimelineHistory] = [:],
        known: [ArchiveReport.Gap] = []
    ) -> [String] {
        var report = ArchiveReport()
        report.segments = held.sorted().map {
            ArchiveReport.Segment(name: $0, isPartial: false, storedBytes: 1)
        }
        report.gaps = known
        report.addNeeds(of: backups, histories, Self.size)
        return report.gaps.map { "\($0.first.timeline):\($0.first.number)-\($0.last.number)" }
    }

    @Test func `nothing is missed where all is there`() throws {
        let wal = (2...6).map { name(1, $0) }
        #expect(gaps(wal, [backup("a", from: 2, to: 3)]).isEmpty)
        #expect(gaps([], []).isEmpty)
        // Before the backup everything has expired.
        #expect(gaps(wal, [backup("a", from: 4, to: 4)]).isEmpty)
    }

    @Test func `the first segments of the oldest backup are missed, not those that expired`() throws {
        let wal = (4...6).map { name(1, $0) }
        let backups = [backup("b", from: 5, to: 5), backup("a", from: 2, to: 3)]
        #expect(gaps(wal, backups) == ["1:2-3"])
        #expect(gaps(wal, [backups[0]]).isEmpty)
        #expect(gaps([], backups) == ["1:2-5"])
        let old = ArchiveReport.Gap(first: name(1, 2), last: name(1, 3))
        #expect(gaps(wal + [name(1, 1)], [backups[0]], known: [old]).isEmpty)
        #expect(gaps(wal + [name(1, 1)], backups, known: [old]) == ["1:2-3"])
    }

    @Test func `a backup at the end misses its own WAL`() throws {
        let wal = (2...4).map { name(1, $0) }
        #expect(gaps(wal, [backup("a", from: 2, to: 2), backup("b", from: 5, to: 6)]) == ["1:5-6"])
    }

    @Test func `a branch is whole with its ancestor up to where it left it`() throws {
        let before = (2...4).map { name(1, $0) }
        let after = (5...7).map { name(2, $0) }
        let backups = [backup("a", from: 2, to: 2)]
        #expect(try gaps(before + after, backups, fork()).isEmpty)
        #expect(try gaps(before + [name(1, 5)] + after, backups, fork()).isEmpty)
        // The segment in which it left, under either name, and the last one before it.
        #expect(try gaps(before + after.dropFirst(), backups, fork()) == ["2:5-5"])
        #expect(try gaps(before + [name(1, 5)] + after.dropFirst(), backups, fork()) == ["2:5-5"])
        let shorter = Array(before.dropLast())
        #expect(try gaps(shorter + after, backups, fork()) == ["1:4-4"])
        #expect(try gaps(shorter + after.dropFirst(), backups, fork()) == ["1:4-4", "2:5-5"])
    }

    @Test func `content counts, not the name`() throws {
        // The backup's end lies in the segment that only the branch has.
        let held = (2...4).map { name(1, $0) } + [name(2, 5)]
        #expect(try gaps(held, [backup("a", from: 4, to: 5)], fork()).isEmpty)
        // Behind the branch it would be the ancestor's own.
        let late = KeptBackup(name: "a", timeline: TimelineID(1), start: lsn(4), stop: lsn(5, 2000))
        #expect(try gaps(held, [late], fork()) == ["1:5-5"])
    }
}
