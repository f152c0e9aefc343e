import CSupport
import Platform
import PostgresFormat
import Repository
import Synchronization

/// One file on its way into a base backup: its pages and checksum read, and stored cloned or compressed.
///
/// Several threads may take chunks of it at once. The file's size is taken when it is opened: what is added
/// later is in the WAL, and what is cut off meanwhile counts as zeros, as PostgreSQL's own backup has it.
final class CaptureFileJob: ChunkedJob {
    typealias Scratch = FrameEncoder

    /// What all files of one backup share.
    struct Context: Sendable {
        let dataDirectory: String
        /// The backup's `data` folder.
        let target: String
        let storage: BackupDescriptor.Storage
        /// Pages from here on are rewritten by replay; nil when the cluster has no page checksums.
        let checksumsBefore: LSN?
        let writeback: WritebackQueue
        let progress: any ProgressReporter
    }

    private struct State {
        var source: OpenFile?
        var target: OpenFile?
        /// The target holds the content already.
        var isClone = false
        var size: UInt64 = 0
        var modified: Int64 = 0
        var offset: UInt64 = 0
        var storedOffset: UInt64 = 0
        var allTaken = false
        var pieces: [ChecksumPiece?] = []
        var open = 0
        var captured: CapturedFile?
    }

    private struct Chunk {
        let index: Int
        let source: OpenFile
        let target: OpenFile
        let isClone: Bool
        let offset: UInt64
        let count: Int
    }

    private let file: DataDirectoryWalk.File
    private let context: Context
    private let state = Mutex(State())
    private let gate = TurnGate()

    init(_ file: DataDirectoryWalk.File, _ context: Context) {
        self.file = file
        self.context = context
    }

    /// Nil when the file was gone before it could be opened.
    var captured: CapturedFile? { state.withLock { $0.captured } }

    func abandon() {
        gate.breakDown()
    }

    func doNextChunk(_ scratch: Scratch) throws(Problem) -> Bool {
        let taken = state.withLock { state -> Result<Chunk?, Problem> in
            do throws(Problem) {
                return .success(try take(&state))
            } catch {
                return .failure(error)
            }
        }
        guard let chunk = try taken.get() else { return false }
        let room = UnsafeMutableRawBufferPointer(rebasing: scratch.input.bytes[..<chunk.count])
        try fill(room, from: chunk)
        let content = UnsafeRawBufferPointer(room)
        let crc = CRC32C.checksum(content)
        switch context.storage {
        case .zstd: guard try store(content, chunk, scratch) else { return false }
        case .plain: if !chunk.isClone { try chunk.target.write(content, at: chunk.offset) }
        }
        context.progress.advance(bytes: UInt64(chunk.count))
        state.withLock { state in
            state.pieces[chunk.index] = ChecksumPiece(length: UInt64(chunk.count), crc: crc)
            state.open -= 1
            if state.allTaken, state.open == 0 { conclude(&state) }
        }
        return true
    }

    private func take(_ state: inout State) throws(Problem) -> Chunk? {
        if state.allTaken { return nil }
        guard let (source, target) = try open(&state) else {
            state.allTaken = true
            return nil
        }
        let count = Int(min(UInt64(FrameFormat.contentBytes), state.size - state.offset))
        let chunk = Chunk(
            index: state.pieces.count, source: source, target: target, isClone: state.isClone,
            offset: state.offset, count: count)
        state.offset += UInt64(count)
        state.allTaken = state.offset >= state.size
        state.pieces.append(nil)
        state.open += 1
        return chunk
    }

    private func open(_ state: inout State) throws(Problem) -> (source: OpenFile, target: OpenFile)? {
        if let source = state.source, let target = state.target { return (source, target) }
        let original = try OpenFile(readingIfPresent: context.dataDirectory + "/" + file.path)
        guard let original else { return nil }
        let suffix = context.storage == .zstd ? RepositoryLayout.compressedSuffix : ""
        let target = try OpenFile(creating: context.target + "/" + file.path + suffix)
        var source = original
        if context.storage == .plain {
            // A single file may be marked not to share its blocks: then it is copied.
            state.isClone = try FileClone.clone(original, to: target)
            // What counts from here on is the clone: it does not change.
            if state.isClone { source = target }
        }
        let status = try original.status()
        state.size = state.isClone ? try target.size() : status.size
        state.modified = status.modified
        state.source = source
        state.target = target
        return (source, target)
    }

    private func fill(_ room: UnsafeMutableRawBufferPointer, from chunk: Chunk) throws(Problem) {
        let got = try chunk.source.read(into: room, at: chunk.offset)
        if got < chunk.count {
            let missing = UnsafeMutableRawBufferPointer(rebasing: room[got...])
            missing.initializeMemory(as: UInt8.self, repeating: 0)
        }
        guard let start = context.checksumsBefore, let firstBlock = file.firstBlock else { return }
        try PageCheck(path: file.path, startLSN: start).run(
            room, firstBlock: firstBlock + UInt32(chunk.offset / PageCheck.pageSize)
        ) { (page, offset) throws(Problem) in
            _ = try chunk.source.read(into: page, at: chunk.offset + UInt64(offset))
        }
    }

    private func store(
        _ content: UnsafeRawBufferPointer, _ chunk: Chunk, _ scratch: Scratch
    ) throws(Problem) -> Bool {
        let frame = try scratch.frame(content)
        guard gate.wait(for: chunk.index) else { return false }
        let place = state.withLock { state in
            defer { state.storedOffset += UInt64(frame.count) }
            return state.storedOffset
        }
        gate.pass()
        try chunk.target.write(frame, at: place)
        context.writeback.add(chunk.target, at: place, length: UInt64(frame.count))
        return true
    }

    private func conclude(_ state: inout State) {
        state.captured = CapturedFile(
            path: file.path, size: state.size,
            storedBytes: context.storage == .zstd ? state.storedOffset : state.size, modified: state.modified,
            crc: ChecksumPiece.combined(state.pieces.compactMap { $0 }))
        state.source = nil
        state.target = nil
    }
}
