import Platform
import Synchronization
import Testing

@Suite struct WorkersTests {
    @Test func `calls the body once per index`() throws {
        let seen = Mutex<[Int]>([])
        try Workers.run(5) { (index) throws(Problem) in seen.withLock { $0.append(index) } }
        #expect(seen.withLock { $0.sorted() } == [0, 1, 2, 3, 4])
    }

    @Test func `throws the first failure when all have ended`() throws {
        let ended = Mutex(0)
        let problem = #expect(throws: Problem.self) {
            try Workers.run(4) { (index) throws(Problem) in
                defer { ended.withLock { $0 += 1 } }
                if index == 2 { throw Problem(.system, "two") }
            }
        }
        #expect(problem?.message == "two")
        #expect(ended.withLock { $0 } == 4)
    }

    @Test(arguments: [0, 1, 2, 15, 16, 17, 200]) func `answers come in the order of the numbers`(count: Int)
        throws
    {
        for portion in [1, 3, 16] {
            let squares = try Workers.map(count, portion: portion) { (number) throws(Problem) in
                number * number
            }
            #expect(squares == (0..<count).map { $0 * $0 })
        }
    }

    @Test func `one answer that fails fails them all`() {
        let problem = #expect(throws: Problem.self) {
            _ = try Workers.map(50) { (number) throws(Problem) in
                if number == 33 { throw Problem(.system, "thirty-three") }
                return number
            }
        }
        #expect(problem?.message == "thirty-three")
    }

    @Test(.timeLimit(.minutes(5)))
    func `who waits for work gets its failure, however often and however late`() throws {
        let (begun, go) = (Monitor(false), Monitor(false))
        let ended = Mutex(false)
        let work = AwaitedWork()
        try work.wait()
        work.begin { () throws(Problem) in
            begun.change { $0 = true }
            go.wait { $0 ? () : nil }
            ended.withLock { $0 = true }
            throw Problem(.system, "the disk")
        }
        begun.wait { $0 ? () : nil }
        #expect(!ended.withLock { $0 })
        go.change { $0 = true }
        for _ in 0..<2 {
            #expect(#expect(throws: Problem.self) { try work.wait() }?.message == "the disk")
            #expect(ended.withLock { $0 })
        }
        let good = AwaitedWork()
        good.begin { () throws(Problem) in }
        try good.wait()
    }

    @Test func `turns pass in order, whoever comes first`() throws {
        let gate = TurnGate()
        let order = Mutex<[Int]>([])
        try Workers.run(8) { (index) throws(Problem) in
            guard gate.wait(for: 7 - index) else { return }
            order.withLock { $0.append(7 - index) }
            gate.pass()
        }
        #expect(order.withLock { $0 } == Array(0..<8))
    }

    @Test func `a broken gate lets nobody wait`() {
        let gate = TurnGate()
        gate.breakDown()
        gate.pass()
        #expect(!gate.wait(for: 0))
        #expect(!gate.wait(for: 5))
    }

    @Test(arguments: [1, 2, 3, 7]) func `every chunk of every job is done once, by any number of threads`(
        workers: Int
    ) throws {
        let jobs = [200, 1, 0, 37].map { CountingJob(chunks: $0) }
        try ChunkedJobs.run(jobs, workers: workers, cancellation: CancellationFlag()) { () throws(Problem) in
        }
        for job in jobs {
            #expect(job.done.withLock { $0 } == Array(0..<job.chunks))
        }
    }

    @Test(arguments: [1, 2, 4]) func `a failing chunk ends the work, and nobody is left waiting`(
        workers: Int
    ) throws {
        let jobs = (0..<6).map { CountingJob(chunks: 100, failsAt: $0 == 3 ? 50 : nil) }
        let problem = #expect(throws: Problem.self) {
            try ChunkedJobs.run(jobs, workers: workers, cancellation: CancellationFlag()) {
                () throws(Problem) in
            }
        }
        #expect(problem?.message == "chunk 50")
    }

    @Test func `a cancellation is noticed between two chunks`() throws {
        let flag = CancellationFlag()
        let job = CountingJob(chunks: 1000, cancelsAt: (10, flag))
        let problem = #expect(throws: Problem.self) {
            try ChunkedJobs.run([job], workers: 1, cancellation: flag) { () throws(Problem) in }
        }
        #expect(problem?.code == .canceled)
        #expect(job.done.withLock { $0.count } == 11)
    }
}

/// Notes the chunks in the order in which they pass its gate.
private final class CountingJob: ChunkedJob {
    let chunks: Int
    let done = Mutex<[Int]>([])
    private let failsAt: Int?
    private let cancelsAt: (Int, CancellationFlag)?
    private let next = Mutex(0)
    private let gate = TurnGate()

    init(chunks: Int, failsAt: Int? = nil, cancelsAt: (Int, CancellationFlag)? = nil) {
        self.chunks = chunks
        self.failsAt = failsAt
        self.cancelsAt = cancelsAt
    }

    func doNextChunk(_ scratch: Void) throws(Problem) -> Bool {
        let mine = next.withLock { next in
            defer { next += 1 }
            return next
        }
        guard mine < chunks else { return false }
        if mine == failsAt { throw Problem(.system, "chunk \(mine)") }
        guard gate.wait(for: mine) else { return false }
        done.withLock { $0.append(mine) }
        gate.pass()
        if let (place, flag) = cancelsAt, mine == place { flag.cancel() }
        return true
    }

    func abandon() {
        gate.breakDown()
    }
}
