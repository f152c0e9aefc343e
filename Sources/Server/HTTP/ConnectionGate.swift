import ServiceModel
import Synchronization

/// Decides which connections are let in, by how many are open: in all, and of the same peer. Owners of the
/// state directory get in where others no longer do.
final class ConnectionGate: Sendable {
    /// Whom a connection is counted to.
    enum Caller: Hashable, Sendable, CustomStringConvertible {
        /// A process of this machine.
        case account(UInt32)
        /// Elsewhere, or a process that the system does not tell.
        case address(String)

        var description: String {
            switch self {
            case .account(let user): "user id \(user)"
            case .address(let text): text
            }
        }
    }

    enum Verdict: Equatable, Sendable {
        case admitted
        /// With what has to be told, where it is time to tell it.
        case refused(note: String?)
    }

    let limits: ConnectionLimits
    private let owners: Set<UInt32>
    private let state = Mutex(State())

    private struct State {
        var open: [Caller: Int] = [:]
        var total = 0
        var refused = 0
        var isInPlace = false
    }

    /// - Parameter owners: the accounts that may be the default identity.
    init(limits: ConnectionLimits, owners: Set<UInt32>) {
        self.limits = limits
        self.owners = owners
    }

    /// Whether connections pass here; before that none is accepted.
    var isInPlace: Bool {
        get { state.withLock { $0.isInPlace } }
        set { state.withLock { $0.isInPlace = newValue } }
    }

    func admit(_ caller: Caller) -> Verdict {
        let (total, mine) =
            if case .account(let user) = caller, owners.contains(user) {
                (limits.total, limits.total)
            } else {
                (limits.total - limits.forOwners, limits.perPeer)
            }
        return state.withLock { state in
            let own = state.open[caller, default: 0]
            if state.total < total, own < mine {
                state.open[caller] = own + 1
                state.total += 1
                return .admitted
            }
            state.refused += 1
            // The first one of a crowd, then ever fewer.
            guard state.refused.nonzeroBitCount == 1 else { return .refused(note: nil) }
            return .refused(
                note:
                    "WARNING: connections of \(caller) are refused: it has \(own), \(state.total) are open, "
                    + "\(state.refused) were refused so far")
        }
    }

    func leave(_ caller: Caller) {
        state.withLock { state in
            state.total -= 1
            let left = state.open[caller, default: 1] - 1
            state.open[caller] = left == 0 ? nil : left
        }
    }
}
