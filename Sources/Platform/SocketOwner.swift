import CSupport
#if canImport(Glibc)
    import Glibc
#endif
import Synchronization

/// Whose the socket at one end of a TCP connection within this machine is.
public enum SocketOwner {
    public enum Answer: Sendable, Equatable {
        case account(UInt32)
        /// There is no such connection any more.
        case none
        /// The kernel does not answer such questions; its tables may tell.
        case unknown
    }

    /// Whether the kernel has ever answered: only then "not found" means that.
    private static let answers = Atomic<Bool>(false)

    /// Asks the kernel for that one socket, which takes as long with thousands of others.
    ///
    /// - Parameters:
    ///   - local: the address of the end that is asked for, 4 or 16 bytes; `remote` has as many.
    public static func find(local: [UInt8], port: Int, remote: [UInt8], remotePort: Int) -> Answer {
        guard local.count == remote.count, local.count == 4 || local.count == 16 else { return .unknown }
        var user: UInt32 = 0
        switch pitr_tcp_owner(
            local, UInt16(truncatingIfNeeded: port), remote, UInt16(truncatingIfNeeded: remotePort),
            local.count, &user)
        {
        case 0:
            answers.store(true, ordering: .relaxed)
            return .account(user)
        case ENOTCONN: return .none
        case ENOENT: return answers.load(ordering: .relaxed) ? .none : .unknown
        default: return .unknown
        }
    }
}
