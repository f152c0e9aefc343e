import Platform
import Repository

/// Compresses and writes the files of a base backup on threads beside the one that they come in on: several
/// frames at a time, each at the place in its file that it has by the order in which they come.
final class FrameQueue: Sendable {
    /// Frames that may wait before who brings them has to.
    private static let blocks = 8
    /// More compress no faster than frames come in.
    private static let mostThreads = 4
    /// Of what is stored of one file, in bytes: the disk is given work in pieces that are worth a call.
    private static let writebackBytes: UInt64 = 1 << 20

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
        /// So many frames were taken to be compressed; each has the number that it was taken at.
        var taken = 0
        /// So many of them have their places.
        var placed = 0
        /// In bytes, by the files' paths: what has its place.
        var stored: [String: UInt64] = [:]
        var failure: Problem?
        var isClosed = false
        var threads = 0

        mutating func fail(_ problem: Problem) {
            if failure == nil { failure = problem }
            (waiting, isClosed) = ([], true)
        }
    }

    private let state = Monitor(State())

    /// - Parameter encoder: for nobody else from now on.
    init(_ encoder: FrameEncoder) throws(Problem) {
        var encoders = [encoder]
        while encoders.count < min(Workers.processors, Self.mostThreads) {
            encoders.append(try encoder.another())
        }
        let state = state
        let writeback = WritebackQueue()
        for encoder in encoders {
            // Only that thread uses it.
            nonisolated(unsafe) let encoder = encoder
            state.change { $0.threads += 1 }
            guard DetachedThread.start({ Self.work(state, encoder, writeback) }) else {
                state.change { $0.threads -= 1 }
                break
            }
        }
        guard state.wait({ .some($0.threads > 0) }) else {
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
    /// path of its own; only the last frame of a file may be less than a whole one.
    func store(_ block: Block, count: Int, to file: OpenFile, path: String) {
        state.change { state in
            guard !state.isClosed else { return }
            state.waiting.append(Frame(file: file, path: path, block: block, count: count))
        }
    }

    /// Waits until all is written, and notes with each file how much is stored; nothing is flushed.
    func finish(_ files: inout [CapturedFile]) throws(Problem) {
        state.change { $0.isClosed = true }
        let (stored, failure) = state.wait { $0.threads == 0 ? ($0.stored, $0.failure) : nil }
        if let failure { throw failure }
        for index in files.indices { files[index].storedBytes = stored[files[index].path] ?? 0 }
    }

    // MARK: The threads

    private static func work(
        _ state: Monitor<State>, _ encoder: FrameEncoder, _ writeback: WritebackQueue
    ) {
        while let (number, frame) = next(state) {
            do throws(Problem) {
                let bytes = try encoder.frame(frame.block.content[prefix: frame.count])
                guard let offset = place(number, frame, bytes.count, state) else { break }
                try frame.file.write(bytes, at: offset)
                let end = offset + UInt64(bytes.count)
                if frame.count < FrameFormat.contentBytes
                    || offset / writebackBytes != end / writebackBytes
                {
                    // From its beginning: another thread may have been late, and what is on its way already
                    // is passed over.
                    writeback.add(frame.file)
                }
            } catch {
                state.change { $0.fail(error) }
            }
        }
        state.change { $0.threads -= 1 }
    }

    /// The frame that came first of those that wait; nil at the end.
    private static func next(_ state: Monitor<State>) -> (number: Int, frame: Frame)? {
        state.wait { state -> (Int, Frame)?? in
            if state.waiting.isEmpty { return state.isClosed ? .some(nil) : nil }
            defer { state.taken += 1 }
            return (state.taken, state.waiting.removeFirst())
        }
    }

    /// Where in its file a compressed frame belongs, which is known once all that were taken before it have
    /// their places. Its content is not needed any more. Nil where another one has failed.
    private static func place(
        _ number: Int, _ frame: Frame, _ count: Int, _ state: Monitor<State>
    ) -> UInt64? {
        let isItsTurn = state.wait { state -> Bool? in
            if state.failure != nil { return false }
            return state.placed == number ? true : nil
        }
        guard isItsTurn else { return nil }
        var offset: UInt64 = 0
        state.change { state in
            offset = state.stored[frame.path] ?? 0
            state.stored[frame.path] = offset + UInt64(count)
            state.placed += 1
            state.free.append(frame.block)
        }
        return offset
    }
}
