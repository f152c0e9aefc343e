import CSupport
#if canImport(Glibc)
    import Glibc
#endif

/// A directory that root looks for on the way that its path says, one part after the other.
///
/// What lies in a directory that others may write to may be exchanged for anything at any moment, by a link
/// to one of root's own directories for example. So links are followed only where root made them, out of
/// others' reach, and nothing is made or given away below a directory that others may write to.
final class GuardedDirectory {
    /// Without links. What is missing of it stands at its end.
    let path: String
    /// The parts of the path that do not exist, in order.
    let missing: [String]
    /// The last directory that exists.
    private var descriptor: Int32
    /// Why others may exchange what lies below, with the directory that it is so for.
    private let exposure: String?

    private static let mostLinks = 40

    /// Walks as far as there are directories. Throws `.system` at a link that is not root's.
    init(_ path: String) throws(Problem) {
        let walk = try Walk(path)
        descriptor = walk.descriptor
        self.path = "/" + (walk.found + walk.missing).joined(separator: "/")
        missing = walk.missing
        exposure = walk.exposure
    }

    deinit { close(descriptor) }

    /// The status of the directory itself; nil when it does not exist.
    func status() throws(Problem) -> stat? {
        missing.isEmpty ? try Self.status(of: descriptor, path) : nil
    }

    /// Refuses to go on where others may write to a directory above.
    func requireGuarded() throws(Problem) {
        guard let exposure else { return }
        throw Problem(
            .system, "as root, pitr does not make or give away \(path)", detail: exposure,
            hint:
                "Set PITR_HOME to a directory below ones that only root may write to, such as /var/lib/pitr, or "
                + "run pitr as the user whose directory it is.")
    }

    /// Makes what is missing, the parents with mode 0755, and answers a descriptor of the directory itself,
    /// which the caller closes.
    func make(mode: mode_t) throws(Problem) -> Int32 {
        if !missing.isEmpty { try requireGuarded() }
        for (index, name) in missing.enumerated() {
            let made = mkdirat(descriptor, name, index == missing.count - 1 ? mode : 0o755)
            guard made == 0 || errno == EEXIST else {
                throw SystemCommands.failure("cannot make the directory \(path)", errno)
            }
            let next = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { throw SystemCommands.failure("cannot open the directory \(path)", errno) }
            close(descriptor)
            descriptor = next
        }
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { throw SystemCommands.failure("cannot open the directory \(path)", errno) }
        return own
    }

    fileprivate static func status(of descriptor: Int32, _ path: String) throws(Problem) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SystemCommands.failure("cannot look at \(path)", errno)
        }
        return status
    }

    /// How others could exchange an entry of the directory; nil when only root can. In one with the sticky
    /// bit (`/tmp`) everybody may make entries, but only their owners may exchange them.
    private static func exposure(_ status: stat, _ path: String) -> String? {
        if status.st_uid != 0 { return "\(path) belongs to user id \(status.st_uid)" }
        if status.st_mode & S_ISVTX != 0 { return nil }
        if status.st_mode & 0o002 != 0 { return "everybody may write to \(path)" }
        if status.st_mode & 0o020 != 0, status.st_gid != 0 {
            return "group id \(status.st_gid) may write to \(path)"
        }
        return nil
    }

    /// The way through the directories that exist.
    private struct Walk {
        var descriptor: Int32
        var found: [String] = []
        var missing: [String] = []
        var exposure: String?
        private var links = 0

        init(_ path: String) throws(Problem) {
            descriptor = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { throw SystemCommands.failure("cannot open /", errno) }
            var rest = path.split(separator: "/").map(String.init)
            do throws(Problem) {
                while let name = rest.first {
                    rest.removeFirst()
                    if name == "." { continue }
                    // Whatever happens to entries of this directory, happens to all that comes behind them.
                    let status = try GuardedDirectory.status(of: descriptor, place)
                    exposure = exposure ?? GuardedDirectory.exposure(status, place)
                    if try !enter(name, &rest) {
                        missing = [name] + rest
                        break
                    }
                }
            } catch {
                close(descriptor)
                throw error
            }
        }

        private var place: String { "/" + found.joined(separator: "/") }

        /// Goes into a directory, or replaces a link by what it leads to. Answers false where there is
        /// nothing.
        private mutating func enter(_ name: String, _ rest: inout [String]) throws(Problem) -> Bool {
            let next = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            if next >= 0 {
                close(descriptor)
                descriptor = next
                if name == ".." { _ = found.popLast() } else { found.append(name) }
                return true
            }
            let path = found.isEmpty ? "/" + name : place + "/" + name
            guard errno != ENOENT else { return false }
            guard errno == ENOTDIR || errno == ELOOP else {
                throw SystemCommands.failure("cannot open the directory \(path)", errno)
            }
            let target = try linkTarget(name, path)
            rest = target.split(separator: "/").map(String.init) + rest
            if target.hasPrefix("/") {
                let top = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                guard top >= 0 else { throw SystemCommands.failure("cannot open /", errno) }
                close(descriptor)
                descriptor = top
                found = []
            }
            return true
        }

        /// Where a link leads; its owner and its text are those of one and the same file.
        private mutating func linkTarget(_ name: String, _ path: String) throws(Problem) -> String {
            let link = pitr_open_link(descriptor, name)
            guard link >= 0 else { throw SystemCommands.failure("cannot open \(path)", errno) }
            defer { close(link) }
            let status = try GuardedDirectory.status(of: link, path)
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            let length = readlinkat(link, "", &buffer, Int(PATH_MAX))
            guard status.st_mode & S_IFMT == S_IFLNK, length > 0 else {
                throw Problem(
                    .system, "\(path) is not a directory", hint: "Set PITR_HOME to another directory.")
            }
            let target = String(
                decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard status.st_uid == 0, exposure == nil else {
                throw Problem(
                    .system, "as root, pitr does not follow the link \(path)",
                    detail: "it leads to \(target), and "
                        + (exposure ?? "it belongs to user id \(status.st_uid)"),
                    hint:
                        "Set PITR_HOME to the directory that is meant, or run pitr as the user whose link it is."
                )
            }
            links += 1
            guard links <= GuardedDirectory.mostLinks else {
                throw SystemCommands.failure("cannot open the directory \(path)", ELOOP)
            }
            return target
        }
    }
}
