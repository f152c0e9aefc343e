import Planning
import Platform
import PostgresFormat
import Synchronization

/// One file on its way into the archive: read and summarised in order, compressed by several threads.
///
/// A thread takes the next chunk with its turn at reading, so decoding is in order and the chunk is still in
/// its cache when it compresses it. Results are written in order, too.
final class WALCompressionJob: ChunkedJob {
    typealias Scratch = FrameEncoder

    private struct Reading {
        var summarizer: SegmentSummarizer
        var indexing: SegmentIndexing?
        var offset: UInt64 = 0
        var chunks = 0
    }

    private let source: OpenFile
    private let size: UInt64
    private let target: OpenFile
    private let reading: Mutex<Reading>
    private let writeOffset: Mutex<UInt64>
    private let gate = TurnGate()

    init(
        source: OpenFile, size: UInt64, target: OpenFile, summarizer: SegmentSummarizer,
        indexing: SegmentIndexing?
    ) {
        self.source = source
        self.size = size
        self.target = target
        reading = Mutex(Reading(summarizer: summarizer, indexing: indexing))
        writeOffset = Mutex(UInt64(SummaryFrame.size))
    }

    func doNextChunk(_ scratch: Scratch) throws(Problem) -> Bool {
        guard let (index, count) = try readChunk(into: scratch.input.bytes) else { return false }
        let frame = try scratch.frame(scratch.input[prefix: count])
        guard gate.wait(for: index) else { return false }
        let place = writeOffset.withLock { offset in
            defer { offset += UInt64(frame.count) }
            return offset
        }
        gate.pass()
        try target.write(frame, at: place)
        target.startWriteback(at: place, length: UInt64(frame.count))
        return true
    }

    func abandon() {
        gate.breakDown()
    }

    /// What passed through, once every chunk has. No index where a catalog was moved within: its pages at the
    /// new place were passed over, and a second pass is needed.
    func finish() -> (summary: SegmentSummary, index: BuiltIndex?) {
        reading.withLock { state in
            let tail = state.summarizer.wholeTail
            let summary = state.summarizer.finish()
            guard state.indexing?.newCatalogs.isEmpty ?? true else { return (summary, nil) }
            return (summary, state.indexing?.finish(summary, tail: tail))
        }
    }

    private func readChunk(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(Problem) -> (index: Int, count: Int)? {
        let result = reading.withLock { state -> Result<(index: Int, count: Int)?, Problem> in
            do throws(Problem) {
                return .success(try readChunk(into: buffer, &state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func readChunk(
        into buffer: UnsafeMutableRawBufferPointer, _ state: inout Reading
    ) throws(Problem) -> (index: Int, count: Int)? {
        // An empty file is one empty frame, so that every archived file unpacks.
        guard state.offset < size || state.chunks == 0 else { return nil }
        let wanted = Int(min(UInt64(buffer.count), size - state.offset))
        let count = try source.read(
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: state.offset)
        guard count == wanted else {
            throw Problem(.system, "'\(source.path)' shrank while it was read")
        }
        let content = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        if state.indexing == nil {
            state.summarizer.feed(content)
        } else {
            state.indexing?.feed(content, &state.summarizer)
        }
        state.offset += UInt64(count)
        defer { state.chunks += 1 }
        return (state.chunks, count)
    }
}
