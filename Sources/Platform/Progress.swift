import Synchronization

/// Where long work says how far it is. A terminal draws it, a pipe ignores it.
public protocol ProgressReporter: Sendable {
    /// A step begins; `totalBytes` is nil where the amount is not known beforehand.
    func begin(_ step: String, totalBytes: UInt64?)
    /// That many more bytes are done. Called from any thread.
    func advance(bytes: UInt64)
    /// A short remark on the running step, for example the recovery's position.
    func note(_ text: String)
    /// The step has ended.
    func end()
}

/// Says nothing.
public struct SilentProgress: ProgressReporter {
    public init() {}
    public func begin(_ step: String, totalBytes: UInt64?) {}
    public func advance(bytes: UInt64) {}
    public func note(_ text: String) {}
    public func end() {}
}

/// Set once, by a signal or a failed sibling; long work looks at it between two chunks and stops cleanly.
public final class CancellationFlag: Sendable {
    private let raised = Atomic<Bool>(false)
    private let problem = Mutex<Problem?>(nil)
    private let above: CancellationFlag?

    public init() {
        above = nil
    }

    /// A flag that is raised with another one, and can be raised by itself.
    public init(under other: CancellationFlag) {
        above = other
    }

    public var isCancelled: Bool { raised.load(ordering: .relaxed) || above?.isCancelled == true }

    /// Why it was raised, when that was no cancellation.
    public var reason: Problem? { problem.withLock { $0 } }

    /// Raises it for a reason, which `check` then throws; the first reason counts.
    public func stop(because reason: Problem) {
        problem.withLock { problem in
            if problem == nil { problem = reason }
        }
        cancel()
    }

    public func cancel() {
        raised.store(true, ordering: .relaxed)
    }

    public func check() throws(Problem) {
        if isCancelled {
            if let reason { throw reason }
            throw Problem(.canceled, "the operation was cancelled")
        }
    }
}
