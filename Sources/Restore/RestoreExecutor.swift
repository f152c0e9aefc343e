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
    /// Those that the copy, and what is made meanwhile, come to lie on, watched from before the first write.
    let fileSystems: Result<[WatchedFileSystem], Problem>

    public init(_ job: RestoreJob, before: @escaping @Sendable (RestoreStep) -> Void = { _ in }) {
        self.job = job
        self.before = before
        fileSystems = Result { () throws(Problem) in try Self.fileSystems(of: job) }
    }

    private static func fileSystems(of job: RestoreJob) throws(Problem) -> [WatchedFileSystem] {
        var devices: Set<UInt64> = []
        var found: [WatchedFileSystem] = []
        for path in [job.serverDirectory] + job.madeMeanwhile {
            var place = path
            while DurableFiles.device(of: place) == nil, place != "/", place != "." {
                place = DurableFiles.parent(of: place)
            }
            guard let device = DurableFiles.device(of: place), devices.insert(device).inserted else {
                continue
            }
            found.append(try WatchedFileSystem(place))
        }
        return found
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
        // What it does not get is not its own to remove.
        try step(.claim) { () throws(Problem) in try claim() }
        do throws(Problem) {
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
