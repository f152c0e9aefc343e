#if canImport(Glibc)
    import Glibc
#endif
import Catalog
import Notation
import Platform
import PostgresFormat
import ServiceModel
import Synchronization

/// Writes how far an operation is to a small file beside it, for whoever watches, and passes it on.
///
/// The file changes at most four times a second, by a rename, so that a reader always finds a whole one. It
/// is not flushed: after a crash there is nothing left to watch. What cannot be written is left out, because
/// an operation does not fail for those who watch it.
final class ProgressFile: ProgressReporter {
    static let leastSeconds = 0.25

    private struct State {
        var now: OperationProgress?
        var begin = 0.0
        var written = -leastSeconds
    }

    static func path(in operation: String) -> String { operation + "/progress.json" }

    private let path: String
    private let inner: any ProgressReporter
    private let clock: any WallClock
    private let seconds: @Sendable () -> Double
    private let state = Mutex(State())

    /// - Parameters:
    ///   - operation: the operation's folder.
    ///   - seconds: since any moment; of a stopwatch unless given.
    init(
        operation: String, inner: any ProgressReporter, clock: any WallClock,
        seconds: (@Sendable () -> Double)? = nil
    ) {
        path = Self.path(in: operation)
        self.inner = inner
        self.clock = clock
        let watch = Stopwatch()
        self.seconds = seconds ?? { watch.seconds }
    }

    func begin(_ step: String, totalBytes: UInt64?) {
        inner.begin(step, totalBytes: totalBytes)
        change(isStep: true) { [seconds, clock] state in
            state.begin = seconds()
            state.now = OperationProgress(
                step: step, bytes: 0, totalBytes: totalBytes, bytesPerSecond: nil, remark: nil,
                time: clock.now())
        }
    }

    func advance(bytes: UInt64) {
        inner.advance(bytes: bytes)
        change { $0.now?.bytes += bytes }
    }

    func note(_ text: String) {
        inner.note(text)
        change { $0.now?.remark = text }
    }

    func end() {
        inner.end()
        change { $0.now = nil }
    }

    /// - Parameter isStep: whether it is worth being written at once.
    private func change(isStep: Bool = false, _ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            let time = seconds()
            guard var progress = state.now, isStep || time - state.written >= Self.leastSeconds else {
                return
            }
            state.written = time
            let spent = time - state.begin
            if progress.bytes > 0, spent > 0 {
                progress.bytesPerSecond = UInt64(Double(progress.bytes) / spent)
            }
            progress.time = clock.now()
            write(progress)
        }
    }

    private func write(_ progress: OperationProgress) {
        // A folder that is gone, or a full disk: nobody can watch, and the work goes on. Not DurableFiles:
        // what it writes counts as a change, and how often this is written depends on the clock.
        guard let text = try? CatalogJSON.text(progress) else { return }
        let new = path + ".new"
        let file = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        let bytes = Array(text.utf8)
        let isWritten = Glibc.write(file, bytes, bytes.count) == bytes.count
        close(file)
        if isWritten { rename(new, path) } else { unlink(new) }
    }
}

extension ControlPlane {
    /// The one reader of what workers say of themselves; nil when an operation says nothing, or not any more.
    func progress(of operation: Operation) -> OperationProgress? {
        guard operation.row.state == .running,
            // Unreadable is as good as not there: it is for people who watch.
            let bytes = try? DurableFiles.readIfPresent(
                ProgressFile.path(in: paths.operation(operation.row.id)))
        else { return nil }
        return try? CatalogJSON.value(OperationProgress.self, String(decoding: bytes, as: UTF8.self))
    }
}
