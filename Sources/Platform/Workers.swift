import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Runs blocking work on a few threads of its own; the cooperative pool would starve under it.
public enum Workers {
    /// Calls `body` once per index in `0..<count`, each on its own thread, the last on the caller's; returns
    /// when all have ended. The first failure is thrown once they have.
    ///
    /// A body that must stop early for a sibling's failure looks at something the two share.
    public static func run(
        _ count: Int, _ body: @escaping @Sendable (Int) throws(Problem) -> Void
    ) throws(Problem) {
        let shared = Shared(body)
        var threads: [pthread_t] = []
        for index in 0..<max(count - 1, 0) {
            let start = Unmanaged.passRetained(Start(shared, index))
            var thread = pthread_t()
            let failure = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                    start.shared.call(start.index)
                    return nil
                }, start.toOpaque())
            if failure == 0 {
                threads.append(thread)
            } else {
                // No thread to be had: do that part here rather than fail.
                start.release()
                shared.call(index)
            }
        }
        shared.call(count - 1)
        for thread in threads {
            pthread_join(thread, nil)
        }
        try shared.outcome()
    }

    private final class Shared: Sendable {
        let body: @Sendable (Int) throws(Problem) -> Void
        let failure = Mutex<Problem?>(nil)

        init(_ body: @escaping @Sendable (Int) throws(Problem) -> Void) {
            self.body = body
        }

        func call(_ index: Int) {
            do throws(Problem) {
                try body(index)
            } catch {
                failure.withLock { first in
                    if first == nil { first = error }
                }
            }
        }

        func outcome() throws(Problem) {
            if let problem = failure.withLock({ $0 }) { throw problem }
        }
    }

    private final class Start: Sendable {
        let shared: Shared
        let index: Int

        init(_ shared: Shared, _ index: Int) {
            self.shared = shared
            self.index = index
        }
    }
}

/// Lets threads pass one point in the order of their turns: 0, 1, 2 and so on.
public final class TurnGate: Sendable {
    private nonisolated(unsafe) let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private nonisolated(unsafe) let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let current = Mutex<Int>(0)

    public init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Returns when it is `turn`'s turn; false when the gate was broken by a failed sibling.
    public func wait(for turn: Int) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            let now = current.withLock { $0 }
            if now < 0 { return false }
            if now == turn { return true }
            pthread_cond_wait(changed, mutex)
        }
    }

    /// The holder of the current turn lets the next one in.
    public func pass() {
        change { $0 += 1 }
    }

    /// Sends everyone away, now and later: a turn will never come.
    public func breakDown() {
        change { $0 = -1 }
    }

    private func change(_ body: (inout Int) -> Void) {
        pthread_mutex_lock(mutex)
        current.withLock { now in
            if now >= 0 { body(&now) }
        }
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }
}
