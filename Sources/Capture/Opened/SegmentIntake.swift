import Platform
import PostgresFormat
import Repository
import Synchronization

/// Looks at files of WAL and stores their segments in the same pass: several are unpacked and compressed at a
/// time, their records are read one after the other. What is packed as the archive can keep it is not
/// compressed again.
///
/// Only a file that is a whole segment is stored, and only its bytes as they were looked at: anything else is
/// looked at as if nothing were stored.
final class SegmentIntake: ChunkedJob {
    /// Where the segments of one server are stored.
    struct Store {
        /// Larger segments, which hardly any server has, are looked at without being stored.
        private static let mostBytes: UInt64 = 1 << 26

        let staging: SegmentStaging
        let bytes: Int

        /// Nil for segments that are not stored.
        init?(_ staging: SegmentStaging, _ size: WALSegmentSize?) {
            guard let size, size.bytes <= Self.mostBytes else { return nil }
            self.staging = staging
            bytes = Int(size.bytes)
        }
    }

    /// The room of one thread, which takes memory as far as something was read into it.
    final class Scratch {
        fileprivate let content: RawBuffer
        /// As it lies there: the most that a segment takes in one frame, and a byte that tells there is more.
        fileprivate let packed: RawBuffer
        fileprivate let encoder: FrameEncoder

        init(_ store: Store) throws(Problem) {
            content = RawBuffer(count: store.bytes)
            packed = RawBuffer(count: Compressor.bound(store.bytes) + 1)
            encoder = try store.staging.encoder()
        }
    }

    /// While one thread reads records, another one compresses and a third one waits for what is unpacked.
    private static var threads: Int { min(Workers.processors + 1, 5) }

    /// What is seen in each of the files, which are in the order of WAL as far as they can be.
    static func take(
        _ files: [FoundWAL.File], _ store: Store, _ progress: any ProgressReporter,
        _ cancellation: CancellationFlag
    ) throws(Problem) -> [FoundWAL.Seen] {
        let intake = SegmentIntake(files, store.staging, progress, cancellation)
        try ChunkedJobs.run([intake], workers: min(threads, files.count), cancellation: cancellation) {
            () throws(Problem) in try Scratch(store)
        }
        return intake.seen.withLock { $0.compactMap { $0 } }
    }

    private let files: [FoundWAL.File]
    private let staging: SegmentStaging
    private let progress: any ProgressReporter
    private let cancellation: CancellationFlag
    private let next = Atomic<Int>(0)
    private let gate = TurnGate()
    private let seen: Mutex<[FoundWAL.Seen?]>

    private init(
        _ files: [FoundWAL.File], _ staging: SegmentStaging, _ progress: any ProgressReporter,
        _ cancellation: CancellationFlag
    ) {
        self.files = files
        self.staging = staging
        self.progress = progress
        self.cancellation = cancellation
        seen = Mutex(Array(repeating: nil, count: files.count))
    }

    func doNextChunk(_ scratch: Scratch) throws(Problem) -> Bool {
        let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard turn < files.count else { return false }
        let file = files[turn]
        let whole = try unpack(file, scratch)
        guard gate.wait(for: turn) else { return false }
        let reading = whole.map { ($0, staging.read($0.content, of: $0.segment)) }
        gate.pass()
        let found: FoundWAL.Seen
        if let (whole, reading) = reading {
            let staged = try staging.store(
                whole.content, reading, scratch.encoder, packed: whole.packed)
            found = .segment(
                FoundSegment(
                    name: whole.name, path: file.path, place: file.path, summary: staged.summary,
                    isPacked: whole.isPacked, staged: staged))
        } else {
            found = try FoundWAL.look(file, cancellation)
        }
        seen.withLock { $0[turn] = found }
        progress.advance(bytes: file.mostRead)
        return true
    }

    func abandon() {
        gate.breakDown()
    }

    private struct Whole {
        var name: ArchivedFileName
        var segment: SegmentName
        var content: UnsafeRawBufferPointer
        var isPacked: Bool
        var packed: PackedSegment?
    }

    /// Nil for what is no whole segment with the SHA-1 that its name says.
    private func unpack(_ file: FoundWAL.File, _ scratch: Scratch) throws(Problem) -> Whole? {
        var packed: PackedSegment?
        do throws(Problem) {
            let found = try FoundFolder.open(file.path, file.status)
            // What is longer packed than a segment can be would be read for nothing.
            if file.status.size < UInt64(scratch.packed.bytes.count) {
                packed = try keep(found, scratch.packed.bytes)
            }
            if var whole = try read(try unpacking(found, packed), file, into: scratch.content.bytes) {
                whole.packed = packed
                return whole
            }
        } catch {
            // Why is told when it is looked at.
            guard [.backupDamaged, .operationNotSupported].contains(error.code) else { throw error }
        }
        if let packed { try staging.drop(packed) }
        return nil
    }

    private func unpacking(_ found: OpenFile, _ packed: PackedSegment?) throws(Problem) -> UnpackedFile {
        guard let packed else { return try UnpackedFile(found, cancellation: cancellation) }
        let (copy, start) = try packed.open()
        return try UnpackedFile(copy, from: start, cancellation: cancellation)
    }

    /// Nil for what is to be compressed.
    private func keep(
        _ file: OpenFile, _ room: UnsafeMutableRawBufferPointer
    ) throws(Problem) -> PackedSegment? {
        let signature = UnsafeMutableRawBufferPointer(rebasing: room[..<Packing.signatureBytes])
        guard try file.read(into: signature, at: 0) == signature.count,
            Packing(beginning: UnsafeRawBufferPointer(signature)) == .zstd
        else { return nil }
        let count = try file.read(into: room, at: 0)
        guard count < room.count else { return nil }
        return try staging.keep(UnsafeRawBufferPointer(rebasing: room[..<count]))
    }

    private func read(
        _ unpacked: UnpackedFile, _ file: FoundWAL.File, into room: UnsafeMutableRawBufferPointer
    ) throws(Problem) -> Whole? {
        var sum = file.sha1.map { _ in SHA1() }
        var count = 0
        while count < room.count {
            let piece = UnsafeMutableRawBufferPointer(
                rebasing: room[count..<min(count + Self.piece, room.count)])
            let got = try unpacked.read(into: piece)
            sum?.add(UnsafeRawBufferPointer(rebasing: piece[..<got]))
            count += got
            if got < piece.count { break }
        }
        let content = UnsafeRawBufferPointer(rebasing: room[..<count])
        guard let name = SegmentExaminer.name(file.bare, content), let segment = name.walSegment,
            UInt64(count) == segment.size.bytes, try isEnd(unpacked), sum?.finish() == file.sha1
        else { return nil }
        return Whole(name: name, segment: segment, content: content, isPacked: unpacked.packing != nil)
    }

    private static let piece = 1 << 20

    private func isEnd(_ file: UnpackedFile) throws(Problem) -> Bool {
        let more = RawBuffer(count: 1)
        return try file.read(into: more.bytes) == 0
    }
}
