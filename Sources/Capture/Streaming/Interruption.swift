#if canImport(Glibc)
    import Glibc
#endif

/// What a thread hears at once that waits for a connection: raised once, and for good.
final class Interruption: Sendable {
    private let reading: Int32
    private let writing: Int32

    /// Without descriptors to be had it is one that is never heard: who waits looks now and then anyway.
    init() {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) != 0 { ends = [-1, -1] }
        for end in ends where end >= 0 {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        for end in [reading, writing] where end >= 0 { close(end) }
    }

    /// Can be read from then on; negative for none.
    var descriptor: Int32 { reading }

    func raise() {
        var byte: UInt8 = 1
        _ = write(writing, &byte, 1)
    }
}
