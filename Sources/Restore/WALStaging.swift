import Holdings
import Instance
import Planning
import Platform
import PostgresFormat
import Repository
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Puts the planned segments into the copy's own pg_wal, as copies, never as links.
///
/// Replay needs them one after the other, so all but the first are unpacked while it already runs. PostgreSQL
/// asks for each through its `restore_command`, which waits as long as the segment is on the list of awaited
/// ones and this process lives. A segment that never comes ends recovery short of its target, which
/// PostgreSQL refuses.
final class WALStaging: Sendable {
    /// Segments that lie in place before recovery starts.
    static let first = 2

    private let job: RestoreJob
    private let blanking: TablespaceBlanking
    private let stopped = Atomic<Bool>(false)
    private let failed = Atomic<Bool>(false)

    init(_ job: RestoreJob) {
        self.job = job
        blanking = TablespaceBlanking(job.plan, job.wal)
    }

    /// Whether the restore cannot succeed any more, and replay need not be waited for.
    var hasFailed: Bool { failed.load(ordering: .acquiring) }

    /// Does something that the restore cannot do without.
    func failing(_ body: () throws(Problem) -> Void) throws(Problem) {
        do throws(Problem) {
            try body()
        } catch {
            failed.store(true, ordering: .releasing)
            stop()
            throw error
        }
    }

    /// Has `stageRest` return after the segment at hand.
    func stop() {
        stopped.store(true, ordering: .releasing)
    }

    /// The `restore_command`: it never brings anything, and answers once what was asked for is there, or
    /// never will be.
    var waitCommand: String {
        let awaited = Command.shellQuoted(job.awaitedDirectory).replacing("%", with: "%%") + "/%f"
        return "while [ -e \(awaited) ] && kill -0 \(getpid()) 2>/dev/null; do sleep 0.01; done; false"
    }

    /// The timelines' histories, the first segments, and the list of those that come later.
    func stageFirst() throws(Problem) {
        let segments = job.plan.segments
        let first = segments.prefix(Self.first)
        job.progress.begin("WAL", totalBytes: UInt64(first.count) * job.plan.segmentSize.bytes)
        defer { job.progress.end() }
        // Also those of timelines that are not followed: their numbers are taken.
        for history in try job.wal.archive.histories() {
            try job.wal.archive.extractHistory(history, to: historyFile(history))
        }
        for (timeline, text) in job.wal.histories {
            try DurableFiles.write(Array(text.utf8), to: historyFile(timeline), durable: false)
        }
        // A descendant's history tells an ancestor's as well.
        if let text = job.plan.recoveryHistory, DurableFiles.status(historyFile(job.plan.timeline)) == nil {
            try DurableFiles.write(Array(text.utf8), to: historyFile(job.plan.timeline), durable: false)
        }
        try DurableFiles.makeDirectory(job.awaitedDirectory, durable: false)
        for segment in segments.dropFirst(first.count) {
            try DurableFiles.write([], to: awaitedFile(segment), durable: false)
        }
        guard !first.isEmpty else { return }
        let staging = self
        try Workers.run(first.count) { worker throws(Problem) in
            try staging.stage(segments[worker])
            staging.job.progress.advance(bytes: segments[worker].size.bytes)
        }
    }

    /// All other segments, in WAL order.
    func stageRest() throws(Problem) {
        try failing { () throws(Problem) in
            for segment in job.plan.segments.dropFirst(Self.first) {
                if stopped.load(ordering: .acquiring) { return }
                try stage(segment)
                _ = try DurableFiles.removeFile(awaitedFile(segment))
            }
        }
    }

    private var walDirectory: String { job.dataDirectory + "/pg_wal" }

    private func historyFile(_ timeline: TimelineID) -> String {
        walDirectory + "/\(timeline.fileName).history"
    }

    private func awaitedFile(_ segment: SegmentName) -> String {
        job.awaitedDirectory + "/" + stagedName(segment)
    }

    /// Replay that ends on an ancestor asks for the ancestor's segment, though only a later timeline's may be
    /// held.
    private func stagedName(_ segment: SegmentName) -> String {
        let timeline = min(segment.timeline, job.plan.timeline)
        return SegmentName(timeline: timeline, number: segment.number, size: segment.size).fileName
    }

    /// The segment appears under its name when it is as it must be.
    private func stage(_ segment: SegmentName) throws(Problem) {
        let path = walDirectory + "/" + stagedName(segment)
        let limit = segment.timeline > job.plan.timeline ? job.plan.timelineEnd : nil
        let patches = try blanking.patches(for: segment)
        if case .archived(let archived)? = job.wal.locations[segment], limit == nil {
            let unfinished = patches.isEmpty ? path : path + ".unfinished"
            try job.wal.archive.extract(archived, to: unfinished)
            if patches.isEmpty { return }
            try TablespaceBlanking.apply(
                patches, to: try OpenFile(updating: unfinished), of: segment)
            return try DurableFiles.rename(unfinished, to: path)
        }
        let file = try OpenFile(creating: path)
        var position = segment.start
        try job.wal.pages(of: segment) { bytes throws(Problem) in
            try HeldWAL.masked(bytes, at: position, from: limit ?? .max) { (kept) throws(Problem) in
                try file.write(kept, at: position.distance(from: segment.start))
            }
            position = position.advanced(by: UInt64(bytes.count))
            return true
        }
        try TablespaceBlanking.apply(patches, to: file, of: segment)
        try file.truncate(to: segment.size.bytes)
    }
}
