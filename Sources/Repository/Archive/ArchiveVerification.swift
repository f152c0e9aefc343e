public import Planning
public import Platform
import PostgresFormat
import Synchronization

extension WALArchive {
    /// Reads every segment wholly and checks all there is to check: the files' checksums, every page and
    /// record with its CRC and its link to the record before, across segments too, gaps, and histories.
    ///
    /// Memory does not grow with the archive but for a line per segment.
    public func report(
        workers: Int, progress: any ProgressReporter = SilentProgress(),
        cancellation: CancellationFlag = CancellationFlag()
    ) throws(Problem) -> ArchiveReport {
        let stored = try segments()
        let identity = try layout.identity()
        let runs = Self.runs(stored)
        progress.begin("read the archive", totalBytes: stored.reduce(0) { $0 + $1.storedBytes })
        defer { progress.end() }
        let shared = Shared()
        try Workers.run(max(1, min(workers, runs.count))) { (_) throws(Problem) in
            while true {
                let index = shared.next.add(1, ordering: .relaxed).oldValue
                guard index < runs.count else { return }
                try cancellation.check()
                let checked = try SegmentRun(runs[index], in: self, identity.systemIdentifier).checked(
                    progress, cancellation)
                shared.results.withLock { $0[index] = checked }
            }
        }
        var report = ArchiveReport()
        let done = shared.results.withLock { $0 }
        report.segments = runs.indices.flatMap { done[$0] ?? [] }
        report.settleEnds()
        report.gaps = Self.gaps(stored.filter { !$0.isPartial })
        report.timelines = try timelines(stored)
        report.strangers = try strangers()
        return report
    }

    /// What the workers share.
    private final class Shared: Sendable {
        let next = Atomic<Int>(0)
        let results = Mutex<[Int: [ArchiveReport.Segment]]>([:])
    }

    /// Stretches of segments that follow on directly, each of a size that keeps several workers busy.
    private static func runs(_ segments: [ArchivedSegment]) -> [[ArchivedSegment]] {
        var runs: [[ArchivedSegment]] = []
        for segment in segments {
            if let last = runs.last?.last, let count = runs.last?.count, count < 8, !last.isPartial,
                last.name.next == segment.name, last.damage == nil
            {
                runs[runs.count - 1].append(segment)
            } else {
                runs.append([segment])
            }
        }
        return runs
    }

    private static func gaps(_ segments: [ArchivedSegment]) -> [ArchiveReport.Gap] {
        zip(segments, segments.dropFirst()).compactMap { before, after in
            guard before.name.timeline == after.name.timeline, before.name.number + 1 < after.name.number
            else { return nil }
            return ArchiveReport.Gap(
                first: before.name.next,
                last: SegmentName(
                    timeline: after.name.timeline, number: after.name.number - 1, size: after.name.size))
        }
    }

    private func timelines(_ segments: [ArchivedSegment]) throws(Problem) -> [ArchiveReport.Timeline] {
        var found: [ArchiveReport.Timeline] = []
        var rest = segments[...]
        while let first = rest.first {
            let timeline = first.name.timeline
            let own = rest.prefix { $0.name.timeline == timeline }
            rest = rest.dropFirst(own.count)
            let (parent, damage) = try origin(of: timeline)
            found.append(
                ArchiveReport.Timeline(
                    timeline: timeline, first: first.name, last: own.last?.name ?? first.name,
                    segments: own.count, parent: parent, damage: damage))
        }
        return found
    }

    private func origin(
        of timeline: TimelineID
    ) throws(Problem) -> (parent: TimelineHistory.Entry?, damage: String?) {
        if timeline.rawValue <= 1 { return (nil, nil) }
        let isThere = contains(.timelineHistory(timeline))
        if isThere, let damage = try verify(.timelineHistory(timeline)) {
            return (nil, "its history file cannot be used: \(damage)")
        }
        guard isThere, let text = try history(timeline) else { return (nil, "its history file is missing") }
        do throws(TimelineHistory.Failure) {
            return (try TimelineHistory(parsing: text, of: timeline).entries.last, nil)
        } catch {
            return (nil, "its history file is malformed: \(error)")
        }
    }
}
