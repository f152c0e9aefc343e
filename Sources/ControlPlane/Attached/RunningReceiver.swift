import Capture
import Catalog
import Platform
import PostgresClient
import PostgresFormat
import Repository
import ServiceModel
import Synchronization

/// A receiver on a thread of its own, which has the source's lock as long as it runs.
final class RunningReceiver: Sendable {
    private struct Outcome {
        var problem: Problem?
        var hasEnded = false
    }

    private let receiver: WALReceiver
    private let flag: CancellationFlag
    private let lock: DirectoryLock
    private let outcome = Mutex(Outcome())

    /// Nil where another process receives already.
    static func start(_ row: ServerRow, _ attachment: Attachment, _ plane: ControlPlane) throws(Problem)
        -> RunningReceiver?
    {
        // Whoever only looks whether somebody receives holds it for a moment.
        guard
            let lock = try DirectoryLock.wait(
                plane.paths.receiverLock(row.id), .exclusive, atMost: 1, cancellation: plane.cancellation)
        else { return nil }
        let running = try RunningReceiver(row, attachment, plane, lock)
        running.start()
        return running
    }

    private init(
        _ row: ServerRow, _ attachment: Attachment, _ plane: ControlPlane, _ lock: DirectoryLock
    ) throws(Problem) {
        self.lock = lock
        flag = CancellationFlag(under: plane.cancellation)
        // Before anything runs, so that a damaged catalog is told by whoever starts it.
        _ = try attachment.receiverSlot()
        receiver = WALReceiver(
            layout: plane.layout(row), folder: plane.receiverFolder(row), clock: plane.clock,
            cancellation: flag
        ) { () throws(Problem) in
            do {
                return try plane.receiverSettings(row.id)
            } catch {
                throw ControlPlane.problem(from: error)
            }
        }
    }

    var status: ReceiverStatus { receiver.status }

    /// What ended it for good; nil while it runs, and where it was called off.
    var problem: Problem? { outcome.withLock { $0.problem } }

    var hasEnded: Bool { outcome.withLock { $0.hasEnded } }

    /// Calls it off and waits until it has ended: everything acknowledged is on the disk.
    func stop() {
        flag.cancel()
        receiver.interrupt()
        while !hasEnded { Pause.milliseconds(5) }
        lock.release()
    }

    private func start() {
        guard !DetachedThread.start(run) else { return }
        outcome.withLock {
            $0 = Outcome(problem: Problem(.system, "there is no thread to receive with"), hasEnded: true)
        }
    }

    private func run() {
        do throws(Problem) {
            try receiver.run()
        } catch {
            outcome.withLock { $0.problem = error }
        }
        outcome.withLock { $0.hasEnded = true }
    }
}

/// The receivers of all attached servers, in the process that is always there.
public final class AttachedReceivers: Sendable {
    /// How long one that failed is left alone.
    private struct Rest: Sendable {
        static let shortest = 1.0
        static let longest = 60.0

        let seconds: Double
        let words: String
        let watch = Stopwatch()

        var isOver: Bool { watch.seconds >= seconds }
        /// Whether another failure belongs to this one.
        var isRecent: Bool { watch.seconds < seconds + Self.longest }
    }

    private let plane: ControlPlane
    private let running = Mutex<[String: RunningReceiver]>([:])
    private let resting = Mutex<[String: Rest]>([:])

    public init(_ plane: ControlPlane) {
        self.plane = plane
    }

    /// Starts what does not run and ends what is not wanted any more; answers what is new, in words.
    ///
    /// To be called every second or so. One that cannot be started is among the words, and tried again after
    /// a growing pause; the others are started all the same.
    public func tend() throws -> [String] {
        let wanted = try plane.rows(resourceGroup: nil, dropped: false)
            .filter { $0.phase == .complete && $0.origin.attachment != nil }
        var lines: [String] = []
        for (id, receiver) in running.withLock({ $0 }) {
            guard receiver.hasEnded || !wanted.contains(where: { $0.id == id }) else { continue }
            receiver.stop()
            running.withLock { $0[id] = nil }
            if let problem = receiver.problem, let line = rest(id, after: problem) { lines.append(line) }
        }
        for row in wanted where running.withLock({ $0[row.id] }) == nil {
            guard let attachment = row.origin.attachment, resting.withLock({ $0[row.id]?.isOver ?? true })
            else {
                continue
            }
            do throws(Problem) {
                guard let receiver = try RunningReceiver.start(row, attachment, plane) else { continue }
                running.withLock { $0[row.id] = receiver }
                lines.append("\(row.name): WAL is received from \(attachment.addressText)")
            } catch {
                if let line = rest(row.id, after: error) { lines.append(line) }
            }
        }
        return lines
    }

    /// Leaves one alone for a while, twice as long as before; answers what to say, once for the same failure.
    private func rest(_ id: String, after problem: Problem) -> String? {
        let words = [problem.message, problem.detail].compactMap { $0 }.joined(separator: ": ")
        return resting.withLock { resting in
            let before = resting[id].flatMap { $0.isRecent ? $0 : nil }
            let seconds = before.map { min($0.seconds * 2, Rest.longest) } ?? Rest.shortest
            resting[id] = Rest(seconds: seconds, words: words)
            return before?.words == words ? nil : "\(id): \(words)"
        }
    }

    public func stop() {
        let all = running.withLock { running in
            defer { running = [:] }
            return Array(running.values)
        }
        for receiver in all { receiver.stop() }
    }
}
