#if canImport(Glibc)
    import Glibc
#endif
import Synchronization

/// Looks after a file system while something fills it, and stops that before it takes the reserve.
public final class RoomWatch: Sendable {
    private static let pauseMicroseconds: UInt32 = 20_000

    private let room: DiskRoom
    private let expected: UInt64
    private let purpose: String
    private let freeAtStart: UInt64
    private let flag: CancellationFlag
    private let ended = Atomic<Bool>(false)

    private init(
        _ room: DiskRoom, expected: UInt64, purpose: String, flag: CancellationFlag
    ) throws(Problem) {
        self.room = room
        self.expected = expected
        self.purpose = purpose
        self.flag = flag
        freeAtStart = try DurableFiles.freeBytes(room.path)
    }

    /// Does something that takes room; the flag it gets is raised, with `.insufficientStorage`, as soon as it
    /// has begun to take the reserve.
    ///
    /// Whatever else it fails on then counts as that: a full disk shows in many ways.
    ///
    /// - Parameters:
    ///   - expected: bytes it will take in all; only to say how many are missing.
    ///   - cancellation: stops it as well.
    public static func during<Value>(
        _ purpose: String, in room: DiskRoom, expected: UInt64, under cancellation: CancellationFlag,
        _ body: (CancellationFlag) throws -> Value
    ) throws -> Value {
        let flag = CancellationFlag(under: cancellation)
        let watch = try RoomWatch(room, expected: expected, purpose: purpose, flag: flag)
        // Where there is no thread, that the room was checked at the beginning has to do.
        _ = DetachedThread.start { watch.run() }
        defer { watch.ended.store(true, ordering: .relaxed) }
        do {
            return try body(flag)
        } catch {
            if !cancellation.isCancelled { watch.look() }
            throw flag.reason ?? error
        }
    }

    private func run() {
        while !ended.load(ordering: .relaxed), !flag.isCancelled {
            look()
            usleep(Self.pauseMicroseconds)
        }
    }

    private func look() {
        guard let free = try? DurableFiles.freeBytes(room.path), free < room.reserve else { return }
        let taken = freeAtStart > free ? freeAtStart - free : 0
        let rest = expected > taken ? expected - taken : 0
        flag.stop(
            because: room.problem(
                "\(purpose) was stopped before the disk was full", "", free: free,
                missing: DiskRoom.sum(room.reserve - free, rest)))
    }
}
