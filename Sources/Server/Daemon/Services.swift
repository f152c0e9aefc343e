import ControlPlane
import NIOPosix
import Platform
import ServiceLifecycle
import ServiceModel

/// Wakes one who waits; several rings before that are one.
struct Bell: Sendable {
    let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func ring() { continuation.yield() }
}

/// Starts workers for what was accepted: soon after each acceptance, and every now and then for what other
/// processes accepted.
struct DispatcherService: Service {
    static let interval = Duration.milliseconds(200)

    let dispatcher: OperationDispatcher
    let pool: NIOThreadPool
    let bell: Bell
    let log: DaemonLog

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    bell.ring()
                    try await Task.sleep(for: Self.interval)
                }
            }
            var patience = Patience(log: log, what: "starting accepted operations")
            for await _ in bell.rings.cancelOnGracefulShutdown() {
                let dispatcher = dispatcher
                try await patience.attempt {
                    _ = try await pool.runIfActive { try dispatcher.dispatch() }
                }
            }
            group.cancelAll()
        }
    }
}

/// Daily backups, expiry, what crashes left behind, and a watch over the archivers.
struct SchedulerService: Service {
    static let interval = Duration.seconds(60)

    let controlPlane: ControlPlane
    let pool: NIOThreadPool
    let log: DaemonLog
    let cancellation: CancellationFlag
    let ending: Ending

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var watch = ArchiverWatch()
            var patience = Patience(log: log, what: "maintenance")
            while !cancellation.isCancelled {
                try await patience.attempt {
                    let controlPlane = controlPlane
                    let (actions, archivers) = try await pool.runIfActive {
                        try ending.work {
                            (
                                try controlPlane.maintain(asOf: nil, dryRun: false),
                                try controlPlane.archivers()
                            )
                        }
                    }
                    for action in actions where action.outcome != .passedOver { log.note(action.line) }
                    for line in watch.lines(archivers) { log.note(line) }
                }
                // Being told to end ends the pause.
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }
}

/// Receives the WAL of attached servers, each on a thread of its own.
struct ReceiverService: Service {
    static let interval = Duration.seconds(1)

    let receivers: AttachedReceivers
    let pool: NIOThreadPool
    let log: DaemonLog
    let cancellation: CancellationFlag

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var patience = Patience(log: log, what: "receiving WAL")
            while !cancellation.isCancelled {
                try await patience.attempt {
                    let receivers = receivers
                    for line in try await pool.runIfActive({ try receivers.tend() }) { log.note(line) }
                }
                // Being told to end ends the pause.
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }
}

/// Ends when the flag is raised, and the whole group with it.
struct EndService: Service {
    static let interval = Duration.milliseconds(50)

    let cancellation: CancellationFlag

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !cancellation.isCancelled {
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }
}

/// Bears a failure that may pass, a full disk for example; one that stays ends the service.
struct Patience {
    static let most = 10
    /// Seconds that a failure has to last before it counts as one that stays.
    static let longest = 300.0

    let log: DaemonLog
    let what: String
    private var failures = 0
    private var since = Stopwatch()
    private var told = ""

    init(log: DaemonLog, what: String) {
        self.log = log
        self.what = what
    }

    mutating func attempt(_ body: () async throws -> Void) async throws {
        do {
            try await body()
            failures = 0
        } catch {
            if (error as? Problem)?.code == .canceled { return }
            if failures == 0 { (since, told) = (Stopwatch(), "") }
            failures += 1
            // What is tried five times a second is told once.
            let text = "\(what) failed: \(error)"
            if text != told { log.error(text) }
            told = text
            if failures >= Self.most, since.seconds >= Self.longest { throw error }
        }
    }
}

extension MaintenanceAction {
    fileprivate var line: String {
        "\(server.map { "\($0): " } ?? "")\(action) \(subject): \(outcome) (\(reason))"
    }
}
