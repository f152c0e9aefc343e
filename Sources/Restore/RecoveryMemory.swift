public import Instance

/// How much memory recovery takes for its buffers, and whether it reads ahead.
public struct RecoveryMemory: Sendable, Hashable {
    /// `shared_buffers`, in MiB.
    public var buffersMiB: Int
    /// Reading ahead pays only where pages come from the disk: files that were just laid out are still in
    /// memory.
    public var prefetches: Bool

    /// A page that recovery has to evict is one it must write and read again itself, so the buffers hold all
    /// of it where a quarter of the machine and half of what is free suffice.
    ///
    /// - Parameters:
    ///   - bytesToHold: the size of the data, and of the log that adds to it.
    ///   - availableMiB: memory that can be had right now; nil when that is not known.
    public init(bytesToHold: UInt64, machine: MachineResources, availableMiB: Int?) {
        let free = availableMiB ?? machine.memoryMiB / 2
        let needed = Int(clamping: bytesToHold >> 20) + 16
        buffersMiB = max(32, min(needed, machine.memoryMiB / 4, free / 2))
        prefetches = needed > free / 2
    }
}
