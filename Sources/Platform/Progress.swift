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

    public init() {}

    public var isCancelled: Bool { raised.load(ordering: .relaxed) }

    public func cancel() {
        raised.store(true, ordering: .relaxed)
    }

    public func check() throws(Problem) {
        if isCancelled {
            throw Problem(.canceled, "the operation was cancelled")
        }
    }
}
