import ControlPlane
import Foundation
import Glibc
import Platform
import PostgresFormat
import Server
import Synchronization

/// `pitr serve` within this process, for as long as a command needs it.
final class OwnDaemon: Sendable {
    private enum State {
        case starting
        case listening(Endpoint)
        case ended((any Error)?)
    }

    private let state = Mutex(State.starting)
    private let end = CancellationFlag()

    /// Returns once it listens, on a port that is free.
    init(_ controlPlane: ControlPlane, owners: Set<UInt32>, messages: Messages) throws {
        let host = Endpoint.standard.host
        let daemon = Daemon(
            controlPlane,
            options: .init(
                endpoint: Endpoint(host: host, port: 0),
                policy: AccessPolicy(
                    isOpenToOthers: false, owners: owners,
                    hosts: HostRule(listen: host, isOpenToOthers: false))),
            log: DaemonLog(isVerbose: false) { messages.detail($0) }, cancellation: end)
        Thread.detachNewThread { [self] in
            do {
                try daemon.run { endpoint in self.state.withLock { $0 = .listening(endpoint) } }
                state.withLock { $0 = .ended(nil) }
            } catch {
                state.withLock { $0 = .ended(error) }
            }
        }
        while case .starting = state.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.02) }
        try check()
    }

    /// Throws what ended it.
    func check() throws {
        guard case .ended(let error) = state.withLock({ $0 }) else { return }
        throw error ?? Problem(.canceled, "the portal has ended")
    }

    /// Returns once it has ended.
    func stop() {
        end.cancel()
        while true {
            if case .ended = state.withLock({ $0 }) { return }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }
}
