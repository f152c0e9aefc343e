import Platform

#if canImport(Glibc)
    import Glibc
#endif

/// Reads a file of zstd frames from beginning to end, one frame's content at a time, and that of a long one
/// in pieces as long as a frame's content. For one thread.
struct FrameReader: ~Copyable {
    private let file: OpenFile
    private let decoder: FrameDecoder
    private let input = RawBuffer(count: FrameFormat.storedBytes)
    private let output = RawBuffer(count: FrameFormat.contentBytes)
    /// Where the file's next unread byte is.
    private var offset: UInt64
    /// The unused part of `input`.
    private var held = 0..<0
    private var isWithinFrame = false
    /// Whether all that was handed over is what its frames' checksums say. What is not is content only once
    /// the whole file was compared with what is known of it.
    private(set) var isChecked = true

    init(_ file: OpenFile, from offset: UInt64, _ decoder: consuming FrameDecoder) {
        self.file = file
        self.offset = offset
        self.decoder = decoder
    }

    /// Calls `body` with the content of the next frame, or with a piece of it; false at the end of the file.
    ///
    /// The checksum of a long frame is compared with its last piece.
    mutating func next(
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) -> Result<Bool, ArchiveDamage> {
        if isWithinFrame { return try piece(body) }
        if FrameDecoder.size(unused) == nil { try fill() }
        if held.isEmpty { return .success(false) }
        let rest = unused
        if FrameDecoder.isLong(rest) {
            decoder.begin()
            isWithinFrame = true
            // Its checksum, where it has one, comes behind all of it.
            isChecked = false
            return try piece(body)
        }
        guard let size = FrameDecoder.size(rest) else { return .failure(Self.cutOff) }
        let count: Int
        do throws(CompressionDamage) {
            count = try decoder.content(
                of: UnsafeRawBufferPointer(rebasing: rest[..<size]), into: output.bytes)
        } catch {
            return .failure(ArchiveDamage("it does not unpack: \(error)"))
        }
        if !FrameDecoder.hasChecksum(rest) { isChecked = false }
        held = held.lowerBound + size..<held.upperBound
        try body(output[prefix: count])
        return .success(true)
    }

    private static let cutOff = ArchiveDamage("a compressed block is damaged or cut off")

    private var unused: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: input.bytes[held]) }

    /// The next piece of a long frame, which is shorter than the others at its end.
    private mutating func piece(
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) -> Result<Bool, ArchiveDamage> {
        var count = 0
        while isWithinFrame, count < output.bytes.count {
            if held.isEmpty { try fill() }
            if held.isEmpty { return .failure(Self.cutOff) }
            do throws(CompressionDamage) {
                let step = try decoder.step(
                    unused, into: UnsafeMutableRawBufferPointer(rebasing: output.bytes[count...]))
                held = held.lowerBound + step.read..<held.upperBound
                count += step.written
                isWithinFrame = !step.isEnd
            } catch {
                return .failure(ArchiveDamage("it does not unpack: \(error)"))
            }
        }
        if count > 0 { try body(output[prefix: count]) }
        return .success(true)
    }

    private mutating func fill() throws(Problem) {
        if !held.isEmpty, let base = input.bytes.baseAddress {
            memmove(base, base + held.lowerBound, held.count)
        }
        held = 0..<held.count
        let room = UnsafeMutableRawBufferPointer(rebasing: input.bytes[held.upperBound...])
        let got = try file.read(into: room, at: offset)
        offset += UInt64(got)
        held = 0..<held.count + got
    }
}
