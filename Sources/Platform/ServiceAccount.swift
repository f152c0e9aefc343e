import CSupport
#if canImport(Glibc)
    import Glibc
#endif

/// Whom everything belongs to: the account that runs the servers and owns their files.
///
/// PostgreSQL refuses to run as root. Root therefore becomes the account `postgres` once, at the very start
/// and for good; an ordinary user stays what he is. Nothing after that needs to know which of both it was.
public struct ServiceAccount: Sendable, Hashable {
    public let name: String
    public let uid: UInt32
    /// The state folder, which exists and is owned by the account.
    public let home: String
    /// A short path for sockets; exists, owned by the account, closed to others.
    public let runtimeDirectory: String
    /// Whether root gave up its rights to become this account.
    public let steppedDown: Bool

    /// What the servers run as when root starts the tool.
    public static let systemAccount = "postgres"
    /// Root's runtime directory; `/run` is emptied by a reboot, so it is made anew each time.
    public static let systemRuntimeDirectory = "/run/pitr"
    /// The longest path of a Unix socket, without the final zero byte.
    public static let longestSocketPath = 107
    /// What a server adds to the runtime directory: `/<8 characters>/.s.PGSQL.<5 digits>.lock`.
    private static let socketSuffixLength = 29

    /// Makes the home and the runtime directory, and turns root into the service account for the rest of the
    /// process's life: working directory `/`, umask 077, and none of libpq's environment variables.
    ///
    /// - Parameters:
    ///   - home: see `StateHome`; resolve the user's relative paths before, the working directory changes
    ///     here.
    ///   - runtimeParent: where socket directories go; nil takes `/run/pitr` for root, else `run` in the home
    ///     where a socket's path fits, else `/tmp/pitr-<uid>`.
    ///
    /// Throws `.postgresMissing` when root finds no account to become, `.system` when a directory is somebody
    /// else's or out of the account's reach. A directory that is not the tool's own is never given away, and
    /// none that others may have put in its place (`GuardedDirectory`).
    public static func adopt(home: String, runtimeParent: String? = nil) throws(Problem) -> ServiceAccount {
        let home = try StateHome.validated(home)
        dropClientVariables()
        let account =
            geteuid() == 0
            ? try stepDown(home: home, runtime: runtimeParent ?? systemRuntimeDirectory)
            : try stay(home: try StateHome.validated(resolved(home)), runtime: runtimeParent)
        guard chdir("/") == 0 else {
            throw SystemCommands.failure("cannot change to the root directory", errno)
        }
        umask(0o077)
        return account
    }

    /// What the account database calls it.
    static func name(of uid: UInt32) -> String? { Entry.find(uid: uid)?.name }

    /// Whether the account database has a line for it; PostgreSQL insists on one.
    public static func hasEntry(_ uid: UInt32) -> Bool { Entry.find(uid: uid) != nil }

    /// The folder itself, where the path is a symbolic link to it (a home moved to a larger disk).
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func stay(home: String, runtime: String?) throws(Problem) -> ServiceAccount {
        let uid = geteuid()
        umask(0o077)
        try OwnedDirectory.make(home, mode: 0o700)
        try OwnedDirectory.requireOwned(home, uid: uid)
        let directory: String
        if runtime == nil, ownsSystemRuntimeDirectory(uid) {
            directory = systemRuntimeDirectory
        } else {
            directory = runtime ?? userRuntimeDirectory(home: home, uid: uid)
            try OwnedDirectory.make(directory, mode: 0o700)
            try OwnedDirectory.requirePrivate(directory, uid: uid)
        }
        return ServiceAccount(
            name: Entry.find(uid: uid)?.name ?? String(uid), uid: uid, home: home,
            runtimeDirectory: directory,
            steppedDown: false)
    }

    /// Whether root's runtime directory is this account's: a process that one of root's started, which had
    /// become the account before, has its sockets where root looks for them.
    private static func ownsSystemRuntimeDirectory(_ uid: UInt32) -> Bool {
        guard Entry.find(name: systemAccount)?.uid == uid,
            let status = DurableFiles.status(systemRuntimeDirectory)
        else { return false }
        return status.kind == .directory && status.owner == uid && status.permissions & 0o022 == 0
    }

    private static func stepDown(home: String, runtime: String) throws(Problem) -> ServiceAccount {
        guard let entry = Entry.find(name: systemAccount), entry.uid != 0 else {
            throw Problem(
                .postgresMissing, "there is no account '\(systemAccount)' to run servers as",
                detail: "PostgreSQL refuses to run as root, and Debian's packages make this account",
                hint: "Install PostgreSQL: apt-get install postgresql")
        }
        umask(0o022)
        let (homeDirectory, runtimeDirectory) = (try GuardedDirectory(home), try GuardedDirectory(runtime))
        let home = try StateHome.validated(homeDirectory.path)
        try checkReach(of: home, for: entry)
        try checkReach(of: runtimeDirectory.path, for: entry)
        try OwnedDirectory.give(homeDirectory, mode: 0o700, to: entry.uid, group: entry.gid) {
            OwnedDirectory.isHome($0)
        }
        try OwnedDirectory.give(runtimeDirectory, mode: 0o711, to: entry.uid, group: entry.gid) { _ in
            false
        }
        let failure = pitr_become(entry.name, entry.uid, entry.gid)
        guard failure == 0 else {
            throw SystemCommands.failure("cannot become the account \(entry.name)", failure)
        }
        setenv("HOME", entry.home, 1)
        setenv("USER", entry.name, 1)
        setenv("LOGNAME", entry.name, 1)
        for name in [
            "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME",
        ] {
            unsetenv(name)
        }
        return ServiceAccount(
            name: entry.name, uid: entry.uid, home: home, runtimeDirectory: runtimeDirectory.path,
            steppedDown: true)
    }

    /// Looks, as the account, whether every directory above `path` that exists can be passed.
    private static func checkReach(of path: String, for entry: Entry) throws(Problem) {
        var failure = pitr_take_groups(entry.name, entry.gid)
        if failure == 0 { failure = pitr_set_effective(entry.uid, entry.gid) }
        guard failure == 0 else {
            throw SystemCommands.failure("cannot become the account \(entry.name)", failure)
        }
        var blocking: String?
        for directory in ancestors(of: path) where blocking == nil {
            if pitr_may_traverse(directory) == EACCES { blocking = directory }
        }
        failure = pitr_set_effective(0, 0)
        guard failure == 0 else { throw SystemCommands.failure("cannot become root again", failure) }
        if let blocking {
            throw Problem(
                .system, "the account \(entry.name) cannot reach \(path)",
                detail: "\(blocking) is closed to it",
                hint: "Set PITR_HOME to a directory that the account can reach.")
        }
    }

    /// `/`, `/a`, `/a/b` for `/a/b/c`.
    static func ancestors(of path: String) -> [String] {
        let parts = path.split(separator: "/").dropLast()
        return ["/"] + parts.indices.map { "/" + parts[...$0].joined(separator: "/") }
    }

    /// A directory that lasts as long as the servers: they outlive the user's sessions, and `XDG_RUNTIME_DIR`
    /// does not.
    static func userRuntimeDirectory(home: String, uid: UInt32) -> String {
        fits(home + "/run") ? home + "/run" : "/tmp/pitr-\(uid)"
    }

    /// Whether a server's socket below the directory has a path that the system accepts.
    static func fits(_ runtimeDirectory: String) -> Bool {
        runtimeDirectory.utf8.count + socketSuffixLength <= longestSocketPath
    }

    /// libpq reads connection options from the environment: what the user set for `psql` must not steer the
    /// tool.
    private static func dropClientVariables() {
        guard var entry = pitr_environment() else { return }
        var names: [String] = []
        while let text = entry.pointee {
            let name = String(cString: text).prefix { $0 != "=" }
            if name.hasPrefix("PG") { names.append(String(name)) }
            entry += 1
        }
        names.forEach { unsetenv($0) }
    }
}

extension ServiceAccount {
    /// The home directory of an account as the machine knows it, whatever `HOME` says.
    public static func homeDirectory(of uid: UInt32) -> String? { Entry.find(uid: uid)?.home }

    /// The first file or folder, at or below one of the paths, that whoever runs servers may not read: root's
    /// account, or this process's own. Nil where there is none, and where there is no such account.
    ///
    /// Symbolic links are not followed.
    public static func firstUnreadable(at paths: [String]) -> String? {
        guard geteuid() == 0 else { return unreadable(at: paths) }
        guard let entry = Entry.find(name: systemAccount), entry.uid != 0,
            pitr_take_groups(entry.name, entry.gid) == 0, pitr_set_effective(entry.uid, entry.gid) == 0
        else { return nil }
        let found = unreadable(at: paths)
        return pitr_set_effective(0, 0) == 0 ? found : nil
    }

    private static func unreadable(at paths: [String]) -> String? {
        for path in paths {
            guard let kind = DurableFiles.status(path)?.kind else { return path }
            guard kind == .directory || kind == .file else { continue }
            guard DurableFiles.isReadable(path) else { return path }
            guard kind == .directory else { continue }
            guard let names = try? DurableFiles.list(path) else { return path }
            if let found = unreadable(at: names.sorted().map { path + "/" + $0 }) { return found }
        }
        return nil
    }

    /// One line of the account database.
    private struct Entry {
        let name: String
        let uid: uid_t
        let gid: gid_t
        let home: String

        static func find(name: String) -> Entry? {
            read { getpwnam_r(name, $0, $1, $2, $3) }
        }

        static func find(uid: uid_t) -> Entry? {
            read { getpwuid_r(uid, $0, $1, $2, $3) }
        }

        private typealias Lookup = (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32

        private static func read(_ lookup: Lookup) -> Entry? {
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16384) { buffer in
                guard let base = buffer.baseAddress else { return nil }
                var record = passwd()
                var found: UnsafeMutablePointer<passwd>?
                guard lookup(&record, base, buffer.count, &found) == 0, found != nil else { return nil }
                return Entry(
                    name: String(cString: record.pw_name), uid: record.pw_uid, gid: record.pw_gid,
                    home: String(cString: record.pw_dir))
            }
        }
    }
}
