import Instance
public import Platform

/// Carries out a plan, step by step, and nothing else.
///
/// Until the last step has ended the copy cannot be started by anyone else: its pg_control arrives late, its
/// configuration files last of all, and recovery runs on a configuration that only the operation knows.
public struct RestoreExecutor: Sendable {
    let job: RestoreJob
    /// Called before each step; tests use it to end the process right there.
    let before: @Sendable (RestoreStep) -> Void
    /// The one that the copy is made on; nil where that cannot be opened, which its making says.
    let fileSystem: WatchedFileSystem?

    public init(_ job: RestoreJob, before: @escaping @Sendable (RestoreStep) -> Void = { _ in }) {
        self.job = job
        self.before = before
        fileSystem = try? WatchedFileSystem(DurableFiles.parent(of: job.serverDirectory))
    }

    public func run() throws(Problem) -> RestoreProof { try run(isPrivate: false) }

    /// As `run`, but the copy is left as it is once its state has been proved: on the recovery's
    /// configuration, without TCP, autovacuum, archiving and durability, for nobody but who made it.
    ///
    /// It is there until `abandon` removes it.
    public func runPrivately() throws(Problem) -> RestoreProof { try run(isPrivate: true) }

    private func run(isPrivate: Bool) throws(Problem) -> RestoreProof {
        var steps: [(RestoreStep, Double)] = []
        func step<Value>(_ step: RestoreStep, _ body: () throws(Problem) -> Value) throws(Problem) -> Value {
            try job.cancellation.check()
            before(step)
            let watch = Stopwatch()
            let value = try body()
            steps.append((step, watch.seconds))
            return value
        }
        let flushing = AwaitedWork()
        do throws(Problem) {
            try step(.claim) { () throws(Problem) in try claim() }
            let checks = try step(.layOut) { () throws(Problem) in try layOut() }
            try step(.stageWAL) { () throws(Problem) in try stageWAL() }
            try step(.arm) { () throws(Problem) in try arm() }
            try step(.recover) { () throws(Problem) in
                try recover()
                if job.isForeign { try adopt(isPrivate ? nil : flushing) }
            }
            var proof = try step(.prove) { () throws(Problem) in try prove() }
            if !isPrivate { try step(.settle) { () throws(Problem) in try settle(&proof, flushing) } }
            proof.checks = checks + proof.checks
            proof.steps = steps
            return proof
        } catch {
            // It works in what is removed next.
            try? flushing.wait()
            abandon()
            throw error
        }
    }

    /// Ends what runs and removes what was built: a failed restore leaves nothing behind but its log.
    public func abandon() {
        if DurableFiles.status(job.dataDirectory) != nil, case .running = job.recovering.status() {
            try? job.recovering.stop(.immediate)
        }
        try? DurableFiles.removeTree(job.serverDirectory)
        try? DurableFiles.removeTree(job.socketDirectory)
    }
}
