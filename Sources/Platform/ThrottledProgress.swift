import Synchronization

/// Holds whoever reports bytes to a rate: a report returns when its bytes are due.
public final class ThrottledProgress: ProgressReporter {
    private let inner: any ProgressReporter
    private let bytesPerSecond: UInt64
    private let state = Mutex(State())

    private struct State {
        var bytes: UInt64 = 0
        let watch = Stopwatch()
    }

    public init(_ inner: any ProgressReporter, bytesPerSecond: UInt64) {
        self.inner = inner
        self.bytesPerSecond = max(1, bytesPerSecond)
    }

    public func begin(_ step: String, totalBytes: UInt64?) {
        inner.begin(step, totalBytes: totalBytes)
    }

    public func advance(bytes: UInt64) {
        inner.advance(bytes: bytes)
        let ahead = state.withLock { state in
            state.bytes += bytes
            return Double(state.bytes) / Double(bytesPerSecond) - state.watch.seconds
        }
        // In short pieces, so that a slow rate does not put off a cancellation for long.
        if ahead > 0.001 { Pause.milliseconds(UInt32(min(ahead, 2) * 1000)) }
    }

    public func note(_ text: String) {
        inner.note(text)
    }

    public func end() {
        inner.end()
    }
}
