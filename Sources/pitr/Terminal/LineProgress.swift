import Notation
import Platform
import Synchronization

/// Long work with `--verbose` and no terminal: a line per finished step.
final class LineProgress: ProgressReporter {
    private struct Step {
        var name: String
        var bytes: UInt64 = 0
        var watch = Stopwatch()
    }

    private let current = Mutex<Step?>(nil)

    func begin(_ step: String, totalBytes: UInt64?) {
        current.withLock { $0 = Step(name: step) }
    }

    func advance(bytes: UInt64) {
        current.withLock { $0?.bytes += bytes }
    }

    func note(_ text: String) {}

    func end() {
        let finished = current.withLock { step in
            defer { step = nil }
            return step
        }
        guard let finished else { return }
        let amount = finished.bytes > 0 ? "\(ByteText.of(finished.bytes)) in " : ""
        StandardStream.error.say(
            "\(finished.name.visible()): \(amount)\(DurationText.of(finished.watch.seconds))\n")
    }
}
