import NIOCore
import Synchronization

/// How long a daemon that was told to end waits for others.
///
/// A client that keeps a connection open and sleeps does not notice that it was closed, and would hold the
/// process for seconds. What the process itself is in the middle of is waited for.
final class Ending: Sendable {
    static let interval = TimeAmount.milliseconds(100)
    /// Intervals that requests in progress have.
    private static let patience = 25

    private let isAtWork = Atomic<Bool>(false)
    private let intervals = Atomic<Int>(0)

    /// Notes whether work of the process's own is in progress.
    func work<Value>(_ body: () throws -> Value) rethrows -> Value {
        isAtWork.store(true, ordering: .sequentiallyConsistent)
        defer { isAtWork.store(false, ordering: .sequentiallyConsistent) }
        return try body()
    }

    /// Asked once an interval after the daemon was told to end: whether it has waited long enough.
    func isDue() -> Bool {
        intervals.add(1, ordering: .relaxed).newValue > Self.patience
            && !isAtWork.load(ordering: .sequentiallyConsistent)
    }
}
