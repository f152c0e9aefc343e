import Synchronization

/// A piece of work made of chunks that several threads may take at once, such as one large file.
public protocol ChunkedJob: AnyObject, Sendable {
    /// What one thread needs for its own: buffers, contexts.
    associatedtype Scratch
    /// Takes the next chunk and does it; false when none was left to take.
    func doNextChunk(_ scratch: Scratch) throws(Problem) -> Bool
    /// A chunk of this job failed: whoever waits inside the job must return, with or without an error.
    func abandon()
}

public enum ChunkedJobs {
    /// Works off all jobs, in their order, one thread to a job; threads without a job of their own help
    /// others.
    ///
    /// So the biggest jobs should come first, and one huge job at the end still uses every thread.
    public static func run<Job: ChunkedJob>(
        _ jobs: [Job], workers: Int, cancellation: CancellationFlag,
        scratch: @escaping @Sendable () throws(Problem) -> Job.Scratch
    ) throws(Problem) {
        let board = Board(jobs)
        try Workers.run(max(1, min(workers, 64))) { (_) throws(Problem) in
            do throws(Problem) {
                let mine = try scratch()
                while let job = board.take() {
                    try work(on: job, mine, board, cancellation)
                }
                while let job = board.help() {
                    try work(on: job, mine, board, cancellation)
                }
            } catch {
                board.fail()
                throw error
            }
        }
    }

    private static func work<Job: ChunkedJob>(
        on job: Job, _ scratch: Job.Scratch, _ board: Board<Job>, _ cancellation: CancellationFlag
    ) throws(Problem) {
        do throws(Problem) {
            repeat {
                if board.hasFailed { return }
                try cancellation.check()
            } while try job.doNextChunk(scratch)
        } catch {
            job.abandon()
            throw error
        }
        board.exhausted(job)
    }

    private final class Board<Job: ChunkedJob>: Sendable {
        private struct State {
            var next = 0
            var open: [Job] = []
        }

        private let jobs: [Job]
        private let state = Mutex(State())
        private let failed = Atomic<Bool>(false)

        init(_ jobs: [Job]) {
            self.jobs = jobs
        }

        var hasFailed: Bool { failed.load(ordering: .relaxed) }

        func take() -> Job? {
            if hasFailed { return nil }
            return state.withLock { state in
                guard state.next < jobs.count else { return nil }
                let job = jobs[state.next]
                state.next += 1
                state.open.append(job)
                return job
            }
        }

        func help() -> Job? {
            if hasFailed { return nil }
            return state.withLock { $0.open.first }
        }

        func exhausted(_ job: Job) {
            state.withLock { $0.open.removeAll { $0 === job } }
        }

        func fail() {
            failed.store(true, ordering: .relaxed)
        }
    }
}
