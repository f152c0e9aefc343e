public import Instance

/// How much memory recovery takes for its buffers, and whether it reads ahead.
public struct RecoveryMemory: Sendable, Hashable {
    /// `shared_buffers`, in MiB.
    public var buffersMiB: Int
    /// Reading ahead pays only where pages come from the disk: files that were just laid out are still in
    /// memory.
    public var prefetches: Bool

    /// A page that recovery has to evict is one it must write and read again itself, so the buffers hold all
    /// that may be touched where a quarter of the machine and half of what is free suffice.
    ///
    /// Replay touches no more than there is WAL for: the first record of a page has the whole page in it.
    /// Buffers that nobody needs would only have to be set up and taken down again.
    ///
    /// - Parameters:
    ///   - dataBytes: the size of the data.
    ///   - walBytes: that of the WAL, which adds to it.
    ///   - availableMiB: memory that can be had right now; nil when that is not known.
    public init(dataBytes: UInt64, walBytes: UInt64, machine: MachineResources, availableMiB: Int?) {
        let free = availableMiB ?? machine.memoryMiB / 2
        // Page images are stored without their empty middle: an eighth of a page is a small one.
        let held = Int(clamping: (dataBytes + walBytes) >> 20) + 16
        let needed = min(held, Int(clamping: walBytes >> 17) + 64)
        buffersMiB = max(32, min(needed, machine.memoryMiB / 4, free / 2))
        prefetches = held > free / 2
    }
}
