import Platform
import Repository

/// Compresses and writes the files of a base backup on a thread beside the one that they come in on, frame
/// after frame in the order in which they come.
final class FrameQueue: Sendable {
    /// Frames that may wait before who brings them has to.
    private static let blocks = 8

    /// Room for the content of one frame, which one thread has at a time.
    final class Block: Sendable {
        nonisolated(unsafe) let content = RawBuffer(count: FrameFormat.contentBytes)
    }

    private struct Frame: Sendable {
        let file: OpenFile
        let path: String
        let block: Block
        let count: Int
    }

    private struct State: Sendable {
        var free = (0..<blocks).map { _ in Block() }
        var waiting: [Frame] = []
        /// In bytes, by the files' paths.
        var stored: [String: UInt64] = [:]
        var failure: Problem?
        var isClosed = false
        var hasEnded = false
    }

    private let state = Monitor(State())

    /// - Parameter encoder: for nobody else from now on.
    init(_ encoder: FrameEncoder) throws(Problem) {
        // Only that thread uses it.
        nonisolated(unsafe) let encoder = encoder
        let state = state
        guard DetachedThread.start({ Self.work(state, encoder) }) else {
            throw Problem(.system, "there is no thread to store a backup with")
        }
    }

    /// What waits is forgotten: nobody has asked for the end.
    deinit {
        state.change { ($0.waiting, $0.isClosed) = ([], true) }
    }

    /// Room for a frame, once there is some.
    func block() throws(Problem) -> Block {
        let (block, failure) = state.wait { state -> (Block?, Problem?)? in
            if let failure = state.failure { return (nil, failure) }
            return state.free.popLast().map { ($0, nil) }
        }
        guard let block else { throw failure ?? Problem(.system, "a backup's frames cannot be stored") }
        return block
    }

    /// Stores a frame behind those of its file that were given before. One file after the other, each with a
    /// path of its own.
    func store(_ block: Block, count: Int, to file: OpenFile, path: String) {
        state.change { state in
            guard !state.isClosed else { return }
            state.waiting.append(Frame(file: file, path: path, block: block, count: count))
        }
    }

    /// Waits until all is written, and notes with each file how much is stored; nothing is flushed.
    func finish(_ files: inout [CapturedFile]) throws(Problem) {
        state.change { $0.isClosed = true }
        let (stored, failure) = state.wait { $0.hasEnded ? ($0.stored, $0.failure) : nil }
        if let failure { throw failure }
        for index in files.indices { files[index].storedBytes = stored[files[index].path] ?? 0 }
    }

    // MARK: The thread

    private static func work(_ state: Monitor<State>, _ encoder: FrameEncoder) {
        let writeback = WritebackQueue()
        var place = (path: "", at: UInt64(0))
        while let frame = next(state) {
            if frame.path != place.path { place = (frame.path, 0) }
            do throws(Problem) {
                let bytes = try encoder.frame(frame.block.content[prefix: frame.count])
                try frame.file.write(bytes, at: place.at)
                writeback.add(frame.file, at: place.at, length: UInt64(bytes.count))
                place.at += UInt64(bytes.count)
            } catch {
                state.change { ($0.failure, $0.waiting, $0.isClosed) = (error, [], true) }
                break
            }
            state.change { state in
                state.stored[place.path] = place.at
                state.free.append(frame.block)
            }
        }
        state.change { $0.hasEnded = true }
    }

    private static func next(_ state: Monitor<State>) -> Frame? {
        state.wait { state -> Frame?? in
            if state.waiting.isEmpty { return state.isClosed ? .some(nil) : nil }
            return state.waiting.removeFirst()
        }
    }
}
