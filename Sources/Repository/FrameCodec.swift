public import Platform
import PostgresFormat

/// How the repository cuts content into zstd frames.
///
/// Whatever is stored compressed is made by a `FrameEncoder` and read by a `FrameDecoder`; nothing else in
/// the repository knows how a frame comes about. A repository's layout hands both out, since the form of what
/// is stored is a property of the repository. Only a segment of WAL may be a single frame of any length, as
/// another tool packed it.
public enum FrameFormat {
    /// Content of one frame in bytes; the last frame of a file holds less.
    public static let contentBytes = 1 << 20
    /// What a frame takes at most, in bytes.
    public static let storedBytes = Compressor.bound(contentBytes)
    static let level: Int32 = 1

    /// Whether a segment can be stored as it is packed: in one whole frame that can be read piece by piece.
    static func canKeep(_ packed: UnsafeRawBufferPointer) -> Bool {
        guard let header = FrameHeader(packed), !header.needsDictionary,
            header.windowBytes <= Decompressor.mostWindowBytes
        else { return false }
        // One that is read whole has to fit where such frames are read.
        guard FrameDecoder.isLong(packed) || packed.count <= storedBytes else { return false }
        return FrameDecoder.size(packed) == packed.count
    }
}

/// Makes the frames of what is stored, with the buffers for one. For one thread.
public final class FrameEncoder {
    private let compressor: Compressor
    /// Room for the content of a frame.
    public let input = RawBuffer(count: FrameFormat.contentBytes)
    private let output = RawBuffer(count: FrameFormat.storedBytes)

    fileprivate init() throws(Problem) {
        compressor = try Compressor(level: FrameFormat.level)
    }

    /// One more for the same repository, for another thread.
    public func another() throws(Problem) -> FrameEncoder { try FrameEncoder() }

    /// The frame of at most `FrameFormat.contentBytes` of content; it is there until the next one is made.
    public func frame(_ content: UnsafeRawBufferPointer) throws(Problem) -> UnsafeRawBufferPointer {
        output[prefix: try compressor.frame(content, into: output.bytes)]
    }

    /// Appends the frames of content of any length to a file's bytes; none for no content.
    public func append(_ content: [UInt8], to file: inout [UInt8]) throws(Problem) {
        try content.span.bytes.withUnsafeBytes { (bytes) throws(Problem) in
            var offset = 0
            while offset < bytes.count {
                let count = min(FrameFormat.contentBytes, bytes.count - offset)
                file.append(contentsOf: try frame(bytes.part(offset, count)))
                offset += count
            }
        }
    }

    /// A whole file's bytes: one empty frame where there is no content, so that every stored file unpacks.
    public func file(_ content: [UInt8]) throws(Problem) -> [UInt8] {
        var stored: [UInt8] = []
        try append(content, to: &stored)
        if stored.isEmpty { stored.append(contentsOf: try frame(input[prefix: 0])) }
        return stored
    }
}

/// Reads frames back, each checked. For one thread.
struct FrameDecoder: ~Copyable {
    private let decompressor: Decompressor

    fileprivate init() throws(Problem) {
        decompressor = try Decompressor()
    }

    /// Size of the frame at the beginning of `bytes`, nil when it does not end within them or is none.
    static func size(_ bytes: UnsafeRawBufferPointer) -> Int? { Decompressor.frameSize(bytes) }

    /// Bytes of content that the frame at the beginning of `bytes` says it holds; nil when it does not say,
    /// or more than a frame may hold.
    static func contentSize(_ bytes: UnsafeRawBufferPointer) -> Int? {
        Decompressor.contentSize(bytes).flatMap { $0 <= UInt64(FrameFormat.contentBytes) ? Int($0) : nil }
    }

    /// Whether the frame at the beginning of `bytes` has, or may have, more content than those that are made
    /// here.
    static func isLong(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let header = FrameHeader(bytes) else { return false }
        return header.contentBytes.map { $0 > UInt64(FrameFormat.contentBytes) } ?? true
    }

    /// Whether the frame at the beginning of `bytes` ends with a checksum of its content.
    static func hasChecksum(_ bytes: UnsafeRawBufferPointer) -> Bool {
        FrameHeader(bytes)?.hasChecksum ?? false
    }

    /// To be called before the first step of a long frame.
    func begin() { decompressor.begin() }

    /// Goes on with a long frame as far as both buffers reach.
    func step(
        _ input: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(CompressionDamage) -> Decompressor.Step {
        try decompressor.step(input, into: target)
    }

    /// Unpacks one whole frame and answers the content's size.
    func content(
        of frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(CompressionDamage) -> Int {
        try decompressor.content(ofFrame: frame, into: target)
    }
}

extension RepositoryLayout {
    /// What is stored here is made by it.
    public func encoder() throws(Problem) -> FrameEncoder { try FrameEncoder() }

    /// Reads single frames of what is stored here.
    func decoder() throws(Problem) -> FrameDecoder { try FrameDecoder() }

    /// Reads a stored file frame by frame.
    ///
    /// - Parameter offset: where the first frame is, in bytes.
    func reader(_ file: OpenFile, from offset: UInt64 = 0) throws(Problem) -> FrameReader {
        FrameReader(file, from: offset, try FrameDecoder())
    }
}

extension WALFile {
    /// Reads a file that may have come out of any repository.
    static func reader(_ file: OpenFile, from offset: UInt64) throws(Problem) -> FrameReader {
        FrameReader(file, from: offset, try FrameDecoder())
    }
}
