#if canImport(Glibc)
    import Glibc
#endif

/// The account of the person behind a process, for records; no right depends on it.
public struct Person: Hashable, Sendable {
    /// How it is known who that is.
    public enum Witness: Sendable {
        /// The account that the session was opened with, which the kernel keeps through `su` and `sudo`.
        case login
        /// What sudo says; only root's word is taken for it.
        case sudo
        case process
    }

    public var uid: UInt32
    /// Nil for an account that the machine does not know.
    public var name: String?
    public var witness: Witness

    public init(uid: UInt32, name: String?, witness: Witness) {
        self.uid = uid
        self.name = name
        self.witness = witness
    }

    /// The account of a process elsewhere, by the kernel's word.
    public static func of(_ uid: UInt32) -> Person {
        Person(uid: uid, name: ServiceAccount.name(of: uid), witness: .process)
    }

    /// Who runs this process. To be asked before root becomes the service account.
    public static func current() -> Person {
        find(
            loginUID: try? String(decoding: DurableFiles.read("/proc/self/loginuid"), as: UTF8.self),
            realUID: getuid(), sudoUID: getenv("SUDO_UID").map { String(cString: $0) })
    }

    /// - Parameters:
    ///   - loginUID: what `/proc/self/loginuid` holds; all bits are set where no session was opened.
    ///   - sudoUID: the variable `SUDO_UID`.
    static func find(loginUID: String?, realUID: UInt32, sudoUID: String?) -> Person {
        if let login = loginUID.flatMap({ UInt32($0.filter(\.isNumber)) }), login != .max {
            return Person(uid: login, name: ServiceAccount.name(of: login), witness: .login)
        }
        if realUID == 0, let told = sudoUID.flatMap({ UInt32($0) }) {
            return Person(uid: told, name: ServiceAccount.name(of: told), witness: .sudo)
        }
        return of(realUID)
    }

    /// `ada (uid 1000)`, `ada (uid 1000, as sudo says)`, `uid 4711`.
    public var words: String {
        let suffix = witness == .sudo ? ", as sudo says" : ""
        guard let name else { return "uid \(uid)" + suffix }
        return "\(name) (uid \(uid)\(suffix))"
    }
}
