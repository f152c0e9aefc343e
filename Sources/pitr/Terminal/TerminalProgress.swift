import Notation
import Platform
import Synchronization

/// Long work on a terminal: one line, redrawn at most ten times a second, gone when the step ends.
final class TerminalProgress: ProgressReporter {
    private struct State {
        var step: String?
        var total: UInt64?
        var done: UInt64 = 0
        var remark = ""
        var watch = Stopwatch()
        var lastDrawn = -1.0
        var isDrawn = false
    }

    private let state = Mutex(State())
    private let write: @Sendable (String) -> Void
    private let width: @Sendable () -> Int

    init(
        width: @escaping @Sendable () -> Int = { StandardStream.error.width },
        write: @escaping @Sendable (String) -> Void = { StandardStream.error.say($0) }
    ) {
        self.write = write
        self.width = width
    }

    func begin(_ step: String, totalBytes: UInt64?) {
        state.withLock {
            $0 = State(step: step, total: totalBytes, isDrawn: $0.isDrawn)
            draw(&$0, force: true)
        }
    }

    func advance(bytes: UInt64) {
        state.withLock {
            $0.done += bytes
            draw(&$0, force: false)
        }
    }

    func note(_ text: String) {
        state.withLock {
            $0.remark = text
            draw(&$0, force: false)
        }
    }

    func end() {
        state.withLock {
            erase(&$0)
            $0.step = nil
        }
    }

    /// Makes room for other output; the next progress draws the line again.
    func wipe() {
        state.withLock { erase(&$0) }
    }

    private func draw(_ state: inout State, force: Bool) {
        guard let step = state.step else { return }
        let now = state.watch.seconds
        guard force || !state.isDrawn || now - state.lastDrawn >= 0.1 else { return }
        state.lastDrawn = now
        state.isDrawn = true
        let line = Self.line(
            step: step, done: state.done, total: state.total, remark: state.remark, seconds: now)
        write("\r" + line.visible().prefix(max(width() - 1, 20)) + "\u{1B}[K")
    }

    private func erase(_ state: inout State) {
        if state.isDrawn { write("\r\u{1B}[K") }
        state.isDrawn = false
    }

    /// `lay out the backup  12.0 MiB of 24.0 MiB (50 %), 100.0 MiB/s, 0.1 s left`.
    static func line(step: String, done: UInt64, total: UInt64?, remark: String, seconds: Double) -> String {
        var text = step
        if let total, total > 0 {
            text += "  \(ByteText.of(done)) of \(ByteText.of(total)) (\(min(done * 100 / total, 100)) %)"
        } else if done > 0 {
            text += "  \(ByteText.of(done))"
        }
        if done > 0 && seconds >= 0.2 {
            let rate = Double(done) / seconds
            text += ", \(ByteText.of(UInt64(rate)))/s"
            if let total, total > done { text += ", \(DurationText.of(Double(total - done) / rate)) left" }
        } else if seconds >= 1 {
            text += "  \(DurationText.of(seconds))"
        }
        return remark.isEmpty ? text : text + "  " + remark
    }
}
