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

/// Work on a thread of its own, for whose outcome somebody waits later. For one that begins.
public final class AwaitedWork: Sendable {
    private enum State: Sendable {
        case none
        case running
        case ended(Problem?)
    }

    private let state = Monitor(State.none)

    public init() {}

    /// Begins the work; where there is no thread to be had, there is none. To be called once.
    public func begin(_ body: @escaping @Sendable () throws(Problem) -> Void) {
        let state = state
        state.change { $0 = .running }
        let isStarted = DetachedThread.start {
            var failure: Problem?
            do throws(Problem) {
                try body()
            } catch {
                failure = error
            }
            state.change { $0 = .ended(failure) }
        }
        if !isStarted { state.change { $0 = .none } }
    }

    /// Waits until the work has ended, if any began, and throws its failure, each time it is asked.
    public func wait() throws(Problem) {
        let failure: Problem? = state.wait { state in
            switch state {
            case .none: .some(nil)
            case .running: nil
            case .ended(let failure): .some(failure)
            }
        }
        if let failure { throw failure }
    }
}
