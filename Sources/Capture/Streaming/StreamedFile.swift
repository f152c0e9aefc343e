import Platform
import PostgresFormat
import Repository

/// One file of a base backup that is being received, on its way into the repository: zstd frames, as every
/// backup of another file system has them.
final class StreamedFile {
    let path: String
    let modified: Int64
    private let file: OpenFile
    private let frames: FrameQueue
    private var block: FrameQueue.Block?
    private var held = 0
    private var isEmpty = true
    private var size: UInt64 = 0
    private var crc = CRC32C()

    init(_ path: String, modified: Int64, in directory: String, _ frames: FrameQueue) throws(Problem) {
        self.path = path
        self.modified = modified
        self.frames = frames
        file = try OpenFile(creating: directory + "/" + path + RepositoryLayout.compressedSuffix)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        crc.update(bytes)
        size += UInt64(bytes.count)
        var rest = bytes
        while !rest.isEmpty {
            let block = try room()
            let count = min(rest.count, FrameFormat.contentBytes - held)
            let room = UnsafeMutableRawBufferPointer(rebasing: block.content.bytes[held..<held + count])
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            held += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if held == FrameFormat.contentBytes { store(block) }
        }
    }

    /// Hands over what is left; an empty file is one empty frame. How much is stored is known when the queue
    /// has ended.
    func finish() throws(Problem) -> CapturedFile {
        if held > 0 || isEmpty { store(try room()) }
        return CapturedFile(path: path, size: size, storedBytes: 0, modified: modified, crc: crc.value)
    }

    private func room() throws(Problem) -> FrameQueue.Block {
        if let block { return block }
        let new = try frames.block()
        block = new
        return new
    }

    private func store(_ block: FrameQueue.Block) {
        frames.store(block, count: held, to: file, path: path)
        self.block = nil
        (held, isEmpty) = (0, false)
    }
}
