import Platform
import PostgresFormat
import Repository

/// One file of a base backup that is being received, on its way into the repository: zstd frames, as every
/// backup of another file system has them.
final class StreamedFile {
    let path: String
    let modified: Int64
    private let file: OpenFile
    private let encoder: FrameEncoder
    private let writeback: WritebackQueue
    private var held = 0
    private var frames = 0
    private var stored: UInt64 = 0
    private var size: UInt64 = 0
    private var crc = CRC32C()

    init(
        _ path: String, modified: Int64, in directory: String, _ encoder: FrameEncoder,
        _ writeback: WritebackQueue
    ) throws(Problem) {
        self.path = path
        self.modified = modified
        self.encoder = encoder
        self.writeback = writeback
        file = try OpenFile(creating: directory + "/" + path + RepositoryLayout.compressedSuffix)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        crc.update(bytes)
        size += UInt64(bytes.count)
        var rest = bytes
        while !rest.isEmpty {
            let count = min(rest.count, FrameFormat.contentBytes - held)
            let room = UnsafeMutableRawBufferPointer(rebasing: encoder.input.bytes[held..<held + count])
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            held += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if held == FrameFormat.contentBytes { try store() }
        }
    }

    /// Writes what is left; an empty file is one empty frame.
    func finish() throws(Problem) -> CapturedFile {
        if held > 0 || frames == 0 { try store() }
        return CapturedFile(
            path: path, size: size, storedBytes: stored, modified: modified, crc: crc.value)
    }

    private func store() throws(Problem) {
        let frame = try encoder.frame(encoder.input[prefix: held])
        try file.write(frame, at: stored)
        writeback.add(file, at: stored, length: UInt64(frame.count))
        stored += UInt64(frame.count)
        frames += 1
        held = 0
    }
}
