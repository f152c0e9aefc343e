#if canImport(Glibc)
    import Glibc
#endif

/// How long the machine has been up, and in which of its lives. Nobody sets it, unlike the clock.
public struct MachineUptime: Sendable, Hashable {
    /// Another one after every boot.
    public var boot: String
    public var seconds: Double

    public init(boot: String, seconds: Double) {
        self.boot = boot
        self.seconds = seconds
    }

    /// From `/proc`, not from a monotonic clock: what fakes the clock for a process fakes that one too.
    public static func now() throws(Problem) -> MachineUptime {
        let boot = try DurableFiles.read("/proc/sys/kernel/random/boot_id")
        let uptime = try DurableFiles.read("/proc/uptime")
        guard let first = String(decoding: uptime, as: UTF8.self).split(separator: " ").first,
            let seconds = Double(first)
        else { throw Problem(.system, "/proc/uptime cannot be read") }
        return MachineUptime(
            boot: String(decoding: boot, as: UTF8.self).filter { !$0.isWhitespace }, seconds: seconds)
    }
}
