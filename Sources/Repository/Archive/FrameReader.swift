import Platform

#if canImport(Glibc)
    import Glibc
#endif

/// Reads a file of zstd frames from beginning to end, one frame's content at a time. For one thread.
struct FrameReader: ~Copyable {
    private let file: OpenFile
    private let decoder: FrameDecoder
    private let input = RawBuffer(count: FrameFormat.storedBytes)
    private let output = RawBuffer(count: FrameFormat.contentBytes)
    /// Where the file's next unread byte is.
    private var offset: UInt64
    /// The unused part of `input`.
    private var held = 0..<0

    init(_ file: OpenFile, from offset: UInt64, _ decoder: consuming FrameDecoder) {
        self.file = file
        self.offset = offset
        self.decoder = decoder
    }

    /// Calls `body` with the content of the next frame; false at the end of the file.
    mutating func next(
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) -> Result<Bool, ArchiveDamage> {
        if FrameDecoder.size(UnsafeRawBufferPointer(rebasing: input.bytes[held])) == nil { try fill() }
        if held.isEmpty { return .success(false) }
        let rest = UnsafeRawBufferPointer(rebasing: input.bytes[held])
        guard let size = FrameDecoder.size(rest) else {
            return .failure(ArchiveDamage("a compressed block is damaged or cut off"))
        }
        let count: Int
        do throws(CompressionDamage) {
            count = try decoder.content(
                of: UnsafeRawBufferPointer(rebasing: rest[..<size]), into: output.bytes)
        } catch {
            return .failure(ArchiveDamage("it does not unpack: \(error)"))
        }
        held = held.lowerBound + size..<held.upperBound
        try body(output[prefix: count])
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
