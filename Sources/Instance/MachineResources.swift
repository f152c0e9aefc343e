#if canImport(Glibc)
    import Glibc
#endif

/// What this machine has to share out.
public struct MachineResources: Sendable, Hashable {
    public var memoryMiB: Int
    public var processors: Int

    public init(memoryMiB: Int, processors: Int) {
        self.memoryMiB = memoryMiB
        self.processors = processors
    }

    /// Asks the system; a container's memory limit counts where it is lower.
    public static func current() -> MachineResources {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let pageSize = sysconf(Int32(_SC_PAGESIZE))
        var memory = max(256, pages / 1024 * pageSize / 1024)
        if let text = TextFile.read("/sys/fs/cgroup/memory.max", limit: 64),
            let limit = Int(text.prefix { $0.isNumber })
        {
            memory = min(memory, max(256, limit >> 20))
        }
        return MachineResources(memoryMiB: memory, processors: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// Memory that could be had right now without pushing anything else out, in MiB; nil where the system
    /// does not tell.
    public static func availableMiB() -> Int? {
        guard let text = TextFile.read("/proc/meminfo", limit: 8192) else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            return Int(line.filter(\.isNumber)).map { $0 / 1024 }
        }
        return nil
    }
}
