#if canImport(Glibc)
    import Glibc
#endif

/// Work on a thread of its own, for which nobody waits.
///
/// Blocking work has no place on the threads that `async` code shares.
public enum DetachedThread {
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// - Returns: false where there is no thread to be had; `body` is not called then.
    public static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        var thread = pthread_t()
        let held = Unmanaged.passRetained(Work(body))
        let failure = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, held.toOpaque())
        guard failure == 0 else {
            held.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
