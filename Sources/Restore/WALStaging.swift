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
        blanking = TablespaceBlanking(job.plan, job.log)
    }

    var hasFailed: Bool { failed.load(ordering: .acquiring) }

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
        for history in try job.log.archive.histories() where history <= job.plan.timeline {
            try job.log.archive.extractHistory(history, to: walDirectory + "/\(history.fileName).history")
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

    /// All other segments, in the order of the log.
    func stageRest() throws(Problem) {
        do throws(Problem) {
            for segment in job.plan.segments.dropFirst(Self.first) {
                if stopped.load(ordering: .acquiring) { return }
                try stage(segment)
                _ = try DurableFiles.removeFile(awaitedFile(segment))
            }
        } catch {
            failed.store(true, ordering: .releasing)
            throw error
        }
    }

    private var walDirectory: String { job.dataDirectory + "/pg_wal" }

    private func awaitedFile(_ segment: SegmentName) -> String {
        job.awaitedDirectory + "/" + segment.fileName
    }

    /// The segment appears under its name when it is as it must be.
    private func stage(_ segment: SegmentName) throws(Problem) {
        let path = walDirectory + "/" + segment.fileName
        let patches = try blanking.patches(for: segment)
        if case .archived(let archived)? = job.log.locations[segment] {
            let unfinished = patches.isEmpty ? path : path + ".unfinished"
            try job.log.archive.extract(archived, to: unfinished)
            if patches.isEmpty { return }
            try TablespaceBlanking.apply(
                patches, to: try OpenFile(updating: unfinished), of: segment)
            return try DurableFiles.rename(unfinished, to: path)
        }
        let file = try OpenFile(creating: path)
        var offset: UInt64 = 0
        try job.log.pages(of: segment) { bytes throws(Problem) in
            try file.write(bytes, at: offset)
            offset += UInt64(bytes.count)
            return true
        }
        try TablespaceBlanking.apply(patches, to: file, of: segment)
        try file.truncate(to: segment.size.bytes)
    }
}
