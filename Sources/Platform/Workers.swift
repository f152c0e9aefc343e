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
