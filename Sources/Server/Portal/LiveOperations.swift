import ControlPlane
import Foundation
import NIOCore
import NIOPosix
import Platform
import ServiceLifecycle
import ServiceModel
import Synchronization

/// Who wants to be told: one session, of what its scope covers.
struct LiveFollower: Sendable {
    let scope: AccessScope
    /// Its token.
    let session: String
}

/// Tells everybody who listens what is in progress, whenever that changes.
///
/// One reader of the catalog for all browsers, and no thread that a request holds. Each event is the whole
/// state, so that nothing has to be sent again after a pause.
final class LiveOperations: Service {
    static let interval = Duration.milliseconds(500)
    /// Intervals after which something is sent even when nothing has changed.
    private static let quiet = 30
    /// Browsers that listen at once, and streams of one session among them.
    private static let most = 64
    static let mostOfSession = 4
    /// Operations that one browser is told of, and that are looked at for all of them.
    private static let mostTold = 100
    private static let mostRead = 10_000
    /// How long one stream lasts; a browser asks for the next by itself, and is looked at again then.
    static let lifetime = Duration.seconds(30)

    /// What a listener may see, and where to tell it.
    private struct Listener {
        let scope: AccessScope
        let session: String
        let told: AsyncStream<ByteBuffer>.Continuation
    }

    private let controlPlane: ControlPlane
    private let pool: NIOThreadPool
    private let log: DaemonLog
    private let listeners = Mutex<[UInt64: Listener]>([:])
    private let numbers = Atomic<UInt64>(0)

    init(controlPlane: ControlPlane, pool: NIOThreadPool, log: DaemonLog) {
        self.controlPlane = controlPlane
        self.pool = pool
        self.log = log
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var last: [OperationStatus]?
            var unchanged = 0
            while !Task.isCancelled {
                if self.hasListeners {
                    let controlPlane = self.controlPlane
                    // Whoever watches has lost nothing by one look that failed.
                    let now = try? await self.pool.runIfActive {
                        try Self.open(controlPlane)
                    }
                    if let now, now != last || unchanged >= Self.quiet {
                        self.tell(now)
                        (last, unchanged) = (now, 0)
                    } else {
                        unchanged += 1
                    }
                } else {
                    last = nil
                }
                do { try await Task.sleep(for: Self.interval) } catch { break }
            }
        }
        // A stream that is open would hold the daemon's end.
        for listener in listeners.withLock({ Array($0.values) }) { listener.told.finish() }
    }

    private var hasListeners: Bool { listeners.withLock { !$0.isEmpty } }

    /// Of all groups: what is too much for one browser is left out behind its scope.
    private static func open(_ controlPlane: ControlPlane) throws -> [OperationStatus] {
        try controlPlane.listOperations(resourceGroup: nil, all: false, limit: mostRead)
    }

    private func tell(_ operations: [OperationStatus]) {
        for listener in listeners.withLock({ Array($0.values) }) {
            listener.told.yield(Self.event(operations, listener.scope))
        }
    }

    /// Events for one browser, the state as it is now first; nil when too many listen.
    ///
    /// A page that was left has its stream for a while: of too many of one session the oldest one ends.
    func listen(_ follower: LiveFollower) -> AsyncStream<ByteBuffer>? {
        let scope = follower.scope
        let (events, told) = AsyncStream.makeStream(
            of: ByteBuffer.self, bufferingPolicy: .bufferingNewest(1))
        let number = numbers.add(1, ordering: .relaxed).newValue
        let (isTaken, ended) = listeners.withLock { listeners -> (Bool, Listener?) in
            let own = listeners.filter { $0.value.session == follower.session }.keys.sorted()
            let oldest = own.count < Self.mostOfSession ? nil : own.first
            guard listeners.count < Self.most || oldest != nil else { return (false, nil) }
            let ended = oldest.flatMap { listeners.removeValue(forKey: $0) }
            listeners[number] = Listener(scope: scope, session: follower.session, told: told)
            return (true, ended)
        }
        // Behind the lock: the end of a stream takes it out of the list, too.
        ended?.told.finish()
        guard isTaken else { return nil }
        told.onTermination = { _ in self.listeners.withLock { _ = $0.removeValue(forKey: number) } }
        let controlPlane = controlPlane
        pool.submit { _ in
            // The next turn tells the same a moment later.
            if let now = try? Self.open(controlPlane) {
                told.yield(Self.event(now, scope))
            }
        }
        return events
    }

    private struct State: Encodable {
        struct Operation: Encodable {
            var id: String
            var phase: String
            var step: String
            var now: String
            var bytes: UInt64
            var total: UInt64
        }
        var operations: [Operation]
    }

    static func event(_ operations: [OperationStatus], _ scope: AccessScope) -> ByteBuffer {
        let state = State(
            operations: operations.filter { scope.covers(group: PortalVisit.resource($0)?.group) }
                .prefix(mostTold).map {
                    State.Operation(
                        id: $0.id, phase: $0.phase.rawValue, step: PortalWords.step($0.progress),
                        now: $0.phase == .queued
                            ? "waits for its turn" : $0.progress.map(PortalWords.progress) ?? "",
                        bytes: $0.progress?.bytes ?? 0, total: $0.progress?.totalBytes ?? 0)
                })
        // Strings and numbers can always be written down.
        let data = (try? JSONEncoder().encode(state)) ?? Data()
        return ByteBuffer(
            string: "retry: 500\nevent: state\ndata: \(String(decoding: data, as: UTF8.self))\n\n")
    }
}
