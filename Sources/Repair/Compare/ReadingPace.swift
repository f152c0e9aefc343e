import Synchronization
public import Platform

/// Keeps reading to a rate, over all that is read since it was made.
public final class ReadingPace: Sendable {
    private let bytesPerSecond: Double
    private let watch = Stopwatch()
    private let read = Atomic<UInt64>(0)

    /// - Parameter bytesPerSecond: more than 0.
    public init(bytesPerSecond: UInt64) {
        self.bytesPerSecond = Double(bytesPerSecond)
    }

    /// Waits until that many bytes more are due.
    public func wait(for bytes: UInt64, _ cancellation: CancellationFlag) throws(Problem) {
        let total = read.wrappingAdd(bytes, ordering: .relaxed).newValue
        while watch.seconds < Double(total) / bytesPerSecond {
            try cancellation.check()
            Pause.milliseconds(10)
        }
    }
}
