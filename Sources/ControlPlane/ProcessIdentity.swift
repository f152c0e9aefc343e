#if canImport(Glibc)
    import Glibc
#endif
import Platform

/// A process that can be recognised later: its number may be used again, its start time with it is not.
struct ProcessIdentity: Hashable, Sendable {
    let pid: Int32
    /// Clock ticks since boot (field 22 of /proc/PID/stat) and the boot's id.
    let start: String

    static var current: ProcessIdentity { ProcessIdentity(pid: getpid()) }

    init(pid: Int32) {
        self.pid = pid
        start = Self.start(of: pid) ?? ""
    }

    init(pid: Int32, start: String) {
        self.pid = pid
        self.start = start
    }

    /// Whether that very process still runs.
    var isAlive: Bool { !start.isEmpty && Self.start(of: pid) == start }

    /// Whether any process has that number now.
    static func isTaken(_ pid: Int32) -> Bool { start(of: pid) != nil }

    private static func start(of pid: Int32) -> String? {
        guard let bytes = try? DurableFiles.readIfPresent("/proc/\(pid)/stat"),
            let boot = try? DurableFiles.readIfPresent("/proc/sys/kernel/random/boot_id")
        else { return nil }
        // The command name may hold blanks and parentheses: fields count from the last one.
        let text = String(decoding: bytes, as: UTF8.self)
        guard let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return "\(fields[19])@" + String(decoding: boot.prefix { $0 != 10 }, as: UTF8.self)
    }
}

extension ProcessIdentity {
    /// Asks the process to stop, if it is still the same one and not ourselves.
    func terminate() {
        if isAlive, pid != getpid() { kill(pid, SIGTERM) }
    }
}
