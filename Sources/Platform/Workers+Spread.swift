import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

extension Workers {
    /// Processors that this machine has running.
    public static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// Calls `body` for every number below `count`, in rising order, on a few threads: one for each
    /// processor, at most 16. After a failure no further number is begun, and the failure is thrown.
    public static func spread(
        _ count: Int, _ body: @escaping @Sendable (Int) throws(Problem) -> Void
    ) throws(Problem) {
        let board = SpreadBoard(count)
        try run(max(1, min(count, processors, 16))) { (_) throws(Problem) in
            while let number = board.take() {
                do throws(Problem) {
                    try body(number)
                } catch {
                    board.stop()
                    throw error
                }
            }
        }
    }
}

private final class SpreadBoard: Sendable {
    private let count: Int
    private let next = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)

    init(_ count: Int) {
        self.count = count
    }

    func take() -> Int? {
        if isStopped.load(ordering: .relaxed) { return nil }
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return number < count ? number : nil
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
    }
}
