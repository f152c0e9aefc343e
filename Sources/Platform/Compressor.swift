import CZstd

/// Bytes outside the Swift heap, of a fixed size, freed with the value.
public struct RawBuffer: ~Copyable {
    public let bytes: UnsafeMutableRawBufferPointer

    public init(count: Int) {
        bytes = .allocate(byteCount: count, alignment: 4096)
    }

    deinit {
        bytes.deallocate()
    }

    public subscript(prefix count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[..<count])
    }
}

/// Makes zstd frames, each complete in itself, with content size and checksum. For one thread.
public struct Compressor: ~Copyable {
    private let context: OpaquePointer

    /// - Parameter level: zstd's level; 1 is fast, negative ones are faster still.
    public init(level: Int32) throws(Problem) {
        guard let made = ZSTD_createCCtx() else { throw Problem(.system, "out of memory for compression") }
        context = made
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// The room that a frame of `count` bytes of content needs at most.
    public static func bound(_ count: Int) -> Int {
        ZSTD_compressBound(count)
    }

    /// Compresses `content` to one frame in `target` and answers its size.
    public func frame(
        _ content: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(Problem) -> Int {
        let size = ZSTD_compress2(
            context, target.baseAddress, target.count, content.baseAddress, content.count)
        guard ZSTD_isError(size) == 0 else {
            throw Problem(.system, "compression failed", detail: String(cString: ZSTD_getErrorName(size)))
        }
        return size
    }
}

/// Why bytes are not the zstd frames they should be.
public struct CompressionDamage: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }

    init(code: Int) {
        description = String(cString: ZSTD_getErrorName(code))
    }
}

/// Unpacks zstd frames into memory, whole ones or piece by piece. For one thread.
public struct Decompressor: ~Copyable {
    /// A frame that needs a larger window is not unpacked piece by piece.
    public static let mostWindowBytes: UInt64 = 1 << mostWindowLog
    private static let mostWindowLog: Int32 = 23

    private let context: OpaquePointer

    public init() throws(Problem) {
        guard let made = ZSTD_createDCtx() else { throw Problem(.system, "out of memory for decompression") }
        context = made
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.mostWindowLog)
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// Size of the frame at the beginning of `bytes`, nil when it does not end within them or is none.
    public static func frameSize(_ bytes: UnsafeRawBufferPointer) -> Int? {
        let size = ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count)
        return ZSTD_isError(size) == 0 ? size : nil
    }

    /// Bytes of content that the frame at the beginning of `bytes` says it holds; nil when it does not say.
    public static func contentSize(_ bytes: UnsafeRawBufferPointer) -> UInt64? {
        let size = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count)
        // The two highest values mean "unknown" and "not a frame".
        return size < UInt64.max - 1 ? size : nil
    }

    /// Unpacks one whole frame, its checksum checked, and answers the content's size.
    public func content(
        ofFrame frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(CompressionDamage) -> Int {
        let size = ZSTD_decompressDCtx(
            context, target.baseAddress, target.count, frame.baseAddress, frame.count)
        guard ZSTD_isError(size) == 0 else { throw CompressionDamage(code: size) }
        return size
    }

    /// To be called before the first piece of a frame.
    public func begin() {
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
    }

    /// What one step took and made.
    public struct Step: Hashable, Sendable {
        public var read: Int
        public var written: Int
        /// Whether that was the frame's last piece, its checksum, where it has one, compared.
        public var isEnd: Bool
    }

    /// Goes on with a frame as far as both buffers reach.
    public func step(
        _ input: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(CompressionDamage) -> Step {
        var from = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var to = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        let rest = ZSTD_decompressStream(context, &to, &from)
        guard ZSTD_isError(rest) == 0 else { throw CompressionDamage(code: rest) }
        return Step(read: from.pos, written: to.pos, isEnd: rest == 0)
    }
}
