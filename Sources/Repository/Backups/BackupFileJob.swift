import Platform
import PostgresFormat
import Synchronization

/// One file of a backup on its way out: read, unpacked, checked, and written where one is wanted.
///
/// Several threads may take chunks of it at once; each chunk has a place of its own in the target.
final class BackupFileJob: ChunkedJob {
    /// Buffers and a context for one thread.
    final class Scratch {
        let decoder: FrameDecoder
        let input = RawBuffer(count: FrameFormat.storedBytes)
        let output = RawBuffer(count: FrameFormat.contentBytes)

        init(_ layout: RepositoryLayout) throws(Problem) {
            decoder = try layout.decoder()
        }
    }

    struct Expected: Sendable {
        /// Relative to the data directory.
        let path: String
        let size: UInt64
        let crc: UInt32
        /// What of it is laid out; nil for all of it. All is read and checked either way.
        var ranges: [Range<UInt64>]?
    }

    private struct State {
        var source: OpenFile?
        var sourceSize: UInt64 = 0
        var target: OpenFile?
        var isClone = false
        var sourceOffset: UInt64 = 0
        var contentOffset: UInt64 = 0
        /// Of the last frame read: the next one is likely to be about as large.
        var lastFrame = 0
        var allTaken = false
        /// By chunk; nil while it is being worked on.
        var pieces: [ChecksumPiece?] = []
        var open = 0
    }

    private struct Chunk {
        let index: Int
        let source: OpenFile
        let target: OpenFile?
        let sourceOffset: UInt64
        let contentOffset: UInt64
        /// Bytes in the source.
        let count: Int
    }

    private let expected: Expected
    private let stored: String
    private let target: String?
    private let storage: BackupDescriptor.Storage
    private let writeback: WritebackQueue?
    private let progress: any ProgressReporter
    private let examine: BackupFiles.Examiner?
    private let state = Mutex(State())

    /// - Parameters:
    ///   - stored: the file in the repository.
    ///   - target: where to lay it out; nil only verifies.
    ///   - writeback: gets the finished file.
    init(
        _ expected: Expected, stored: String, target: String?, storage: BackupDescriptor.Storage,
        writeback: WritebackQueue?, progress: any ProgressReporter, examine: BackupFiles.Examiner? = nil
    ) {
        self.examine = examine
        self.writeback = writeback
        self.expected = expected
        self.stored = stored
        self.target = target
        self.storage = storage
        self.progress = progress
    }

    func abandon() {}

    func doNextChunk(_ scratch: Scratch) throws(Problem) -> Bool {
        let taken = state.withLock { state -> Result<Chunk?, Problem> in
            do throws(Problem) {
                return .success(try take(&state, scratch))
            } catch {
                return .failure(error)
            }
        }
        guard let chunk = try taken.get() else { return false }
        let content = try content(of: chunk, scratch)
        let crc = CRC32C.checksum(content)
        try examine?(expected.path, content, chunk.contentOffset)
        if let target = chunk.target { try write(content, at: chunk.contentOffset, to: target) }
        progress.advance(bytes: UInt64(content.count))
        let finished = state.withLock { state in
            state.pieces[chunk.index] = ChecksumPiece(length: UInt64(content.count), crc: crc)
            state.open -= 1
            return state.allTaken && state.open == 0 ? state.pieces : nil
        }
        if let finished { try conclude(finished.compactMap { $0 }) }
        return true
    }

    private func write(
        _ content: UnsafeRawBufferPointer, at offset: UInt64, to target: OpenFile
    ) throws(Problem) {
        guard let ranges = expected.ranges else { return try target.write(content, at: offset) }
        let chunk = offset..<offset + UInt64(content.count)
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound > chunk.lowerBound { high = middle } else { low = middle + 1 }
        }
        for range in ranges[low...].prefix(while: { $0.lowerBound < chunk.upperBound }) {
            let own = range.clamped(to: chunk)
            let piece = Int(own.lowerBound - offset)..<Int(own.upperBound - offset)
            try target.write(UnsafeRawBufferPointer(rebasing: content[piece]), at: own.lowerBound)
        }
    }

    private func take(_ state: inout State, _ scratch: Scratch) throws(Problem) -> Chunk? {
        if state.allTaken { return nil }
        let source = try open(&state)
        let count: Int
        let length: UInt64
        switch storage {
        case .plain:
            count = Int(min(UInt64(FrameFormat.contentBytes), state.sourceSize - state.sourceOffset))
            length = UInt64(count)
        case .zstd:
            count = try readFrame(source, &state, scratch)
            guard let declared = FrameDecoder.contentSize(scratch.input[prefix: count])
            else { throw damaged("a compressed block is damaged") }
            length = UInt64(declared)
        }
        let chunk = Chunk(
            index: state.pieces.count, source: source, target: state.isClone ? nil : state.target,
            sourceOffset: state.sourceOffset, contentOffset: state.contentOffset, count: count)
        state.sourceOffset += UInt64(count)
        state.contentOffset += length
        guard state.contentOffset <= expected.size else {
            throw damaged("it is larger than the \(expected.size) bytes in the manifest")
        }
        state.allTaken = state.sourceOffset >= state.sourceSize
        state.pieces.append(nil)
        state.open += 1
        if state.allTaken { state.source = nil }
        return chunk
    }

    private func open(_ state: inout State) throws(Problem) -> OpenFile {
        if let source = state.source { return source }
        let stored = stored
        let opened = try reading { () throws(Problem) in try OpenFile(readingIfPresent: stored) }
        guard let source = opened else { throw damaged("it is missing") }
        state.source = source
        state.sourceSize = try reading { () throws(Problem) in try source.size() }
        if storage == .plain, state.sourceSize != expected.size {
            throw damaged("it is \(state.sourceSize) bytes large, in the manifest \(expected.size)")
        }
        if storage == .zstd, state.sourceSize == 0 { throw damaged("it is empty") }
        if let target {
            let file = try OpenFile(creating: target)
            if expected.ranges != nil {
                try file.truncate(to: expected.size)
            } else if storage == .plain {
                state.isClone = try FileClone.clone(source, to: file)
            }
            state.target = file
        }
        return source
    }

    /// Reads the next whole frame into the scratch input and answers its size.
    private func readFrame(
        _ source: OpenFile, _ state: inout State, _ scratch: Scratch
    ) throws(Problem) -> Int {
        let limit = scratch.input.bytes.count
        let guess = state.lastFrame == 0 ? limit : min(limit, state.lastFrame + state.lastFrame / 4 + 4096)
        for wanted in guess < limit ? [guess, limit] : [limit] {
            let room = UnsafeMutableRawBufferPointer(rebasing: scratch.input.bytes[..<wanted])
            let offset = state.sourceOffset
            let got = try reading { () throws(Problem) in try source.read(into: room, at: offset) }
            if let size = FrameDecoder.size(scratch.input[prefix: got]) {
                state.lastFrame = size
                return size
            }
            if got < wanted { break }
        }
        throw damaged("a compressed block is damaged or cut off")
    }

    private func content(of chunk: Chunk, _ scratch: Scratch) throws(Problem) -> UnsafeRawBufferPointer {
        switch storage {
        case .plain:
            let room = UnsafeMutableRawBufferPointer(rebasing: scratch.output.bytes[..<chunk.count])
            let got = try reading { () throws(Problem) in
                try chunk.source.read(into: room, at: chunk.sourceOffset)
            }
            guard got == chunk.count else { throw damaged("it is cut off") }
            return UnsafeRawBufferPointer(room)
        case .zstd:
            do throws(CompressionDamage) {
                let count = try scratch.decoder.content(
                    of: scratch.input[prefix: chunk.count], into: scratch.output.bytes)
                return scratch.output[prefix: count]
            } catch {
                throw damaged("it does not unpack: \(error)")
            }
        }
    }

    private func conclude(_ pieces: [ChecksumPiece]) throws(Problem) {
        let size = pieces.reduce(0) { $0 + $1.length }
        guard size == expected.size else {
            throw damaged("it is \(size) bytes large, in the manifest \(expected.size)")
        }
        let crc = ChecksumPiece.combined(pieces)
        guard crc == expected.crc else {
            throw damaged(
                "its CRC-32C is \(WALArchive.hex(crc)), in the manifest \(WALArchive.hex(expected.crc))")
        }
        state.withLock { state in
            if let target = state.target { writeback?.add(target) }
            state.target = nil
        }
    }

    private func reading<Value>(_ body: () throws(Problem) -> Value) throws(Problem) -> Value {
        try BackupFiles.reading(expected.path, stored: stored, body)
    }

    private func damaged(_ reason: String) -> Problem {
        BackupFiles.damaged(expected.path, reason, stored: stored)
    }
}
