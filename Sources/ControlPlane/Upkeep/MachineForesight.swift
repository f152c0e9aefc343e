#if canImport(Glibc)
    import Glibc
#endif
import Instance
import Notation
import Platform
import ServiceModel

/// What of this machine will make a later command fail.
struct MachineForesight {
    /// Where PostgreSQL keeps what its processes share while they run.
    static let sharedMemory = "/dev/shm"
    /// A new server takes some 40 MiB and three segments of WAL.
    private static let leastRoom: UInt64 = 96 << 20
    private static let leastFiles: UInt64 = 4000
    private static let mebibyte: UInt64 = 1 << 20

    var account: String
    var accountHasEntry = true
    var home: String
    /// Nil where there is none.
    var homeFacts: FileSystemFacts?
    var sharedMemoryFacts: FileSystemFacts?
    var sharedMemoryIsOpen = true
    var hasLocale = true
    /// Bytes that a file may have; nil without a limit.
    var fileLimit: UInt64?

    init(account: ServiceAccount) {
        self.account = account.name
        home = account.home
        accountHasEntry = ServiceAccount.hasEntry(account.uid)
        homeFacts = FileSystemFacts(of: account.home)
        sharedMemoryFacts = FileSystemFacts(of: Self.sharedMemory)
        sharedMemoryIsOpen = access(Self.sharedMemory, W_OK | X_OK) == 0
        hasLocale = ClusterLocale.preferred == ClusterLocale.wanted
        fileLimit = FileSizeLimit.current
    }

    init(account: String, home: String) {
        self.account = account
        self.home = home
    }

    var findings: [DoctorFinding] {
        [accountFinding, homeFinding, sharedMemoryFinding, localeFinding, limitFinding].compactMap(\.self)
    }

    private var accountFinding: DoctorFinding? {
        guard !accountHasEntry else { return nil }
        return DoctorFinding(
            level: .problem, subject: "account",
            message:
                "the account \(account) is not in the account database, and PostgreSQL makes and runs no server "
                + "for it",
            remedy:
                "Run pitr as an account that 'getent passwd' knows; in a container, as a user of its image.")
    }

    private var homeFinding: DoctorFinding? {
        guard let facts = homeFacts else { return nil }
        func finding(_ level: DoctorFinding.Level, _ message: String, _ remedy: String) -> DoctorFinding {
            DoctorFinding(level: level, subject: "state directory", message: message, remedy: remedy)
        }
        if facts.isReadOnly {
            return finding(
                .problem, "\(home) lies on a file system that is mounted read-only",
                "Mount it for writing; where the system did that by itself, look into the kernel log first.")
        }
        if !facts.runsPrograms {
            return finding(
                .problem,
                "\(home) lies on a file system that is mounted noexec: PostgreSQL cannot run the helper there that "
                    + "archives and restores WAL",
                "Mount that file system without noexec.")
        }
        if facts.freeBytes < Self.leastRoom {
            return finding(
                .problem,
                "\(ByteText.of(facts.freeBytes)) are free below \(home), too little for a server or a backup",
                "Make room on that file system, but not by hand below \(home).")
        }
        if let files = facts.freeFiles, files < Self.leastFiles {
            return finding(
                .problem,
                "only \(files) more files can be made below \(home), and a server has some thousand",
                "Remove small files from that file system, but not by hand below \(home).")
        }
        return nil
    }

    private var sharedMemoryFinding: DoctorFinding? {
        func finding(_ level: DoctorFinding.Level, _ message: String, _ remedy: String) -> DoctorFinding {
            DoctorFinding(level: level, subject: "shared memory", message: message, remedy: remedy)
        }
        guard let facts = sharedMemoryFacts, !facts.isReadOnly, sharedMemoryIsOpen else {
            return finding(
                .problem,
                "\(Self.sharedMemory) is missing or cannot be written by \(account), and PostgreSQL does not start "
                    + "without it",
                "Mount one that all may write to: mount -t tmpfs -o mode=1777 tmpfs \(Self.sharedMemory)"
            )
        }
        let remedy =
            "Make it larger: mount -o remount,size=1g \(Self.sharedMemory), or --shm-size=1g for a container."
        if facts.freeBytes < Self.mebibyte {
            return finding(
                .problem,
                "\(ByteText.of(facts.freeBytes)) are free in \(Self.sharedMemory), too little to start a server",
                remedy)
        }
        if facts.totalBytes < 64 * Self.mebibyte {
            return finding(
                .warning,
                "\(Self.sharedMemory) has \(ByteText.of(facts.totalBytes)): queries that run in parallel may fail",
                remedy)
        }
        return nil
    }

    private var localeFinding: DoctorFinding? {
        guard !hasLocale else { return nil }
        return DoctorFinding(
            level: .warning, subject: "locale",
            message:
                "the locale \(ClusterLocale.wanted) is missing: new servers get C, and servers that have it do not "
                + "start",
            remedy: "Install it: apt-get install libc-bin")
    }

    private var limitFinding: DoctorFinding? {
        // A segment of WAL and a table's file of the largest kind.
        guard let fileLimit, fileLimit < 1 << 30 else { return nil }
        return DoctorFinding(
            level: .problem, subject: "limits",
            message:
                "no file may have more than \(ByteText.of(fileLimit)), and PostgreSQL's files have up to 1 GiB",
            remedy: "Raise the limit for whoever starts pitr: 'ulimit -f unlimited'.")
    }
}
