import CZlib
import Glibc
import Platform

/// Unpacks what gzip packed, one member behind the other, as `gzip -dc` does, in about half of the time.
///
/// It is a command, and no function of who reads what is unpacked: a packed file is a stranger's.
enum Unpacking {
    struct Failure: Error {
        var kind: UnpackingFailure
        var words: String

        init(_ kind: UnpackingFailure, _ words: String) {
            self.kind = kind
            self.words = words
        }

        /// Of a call that has just failed.
        static func system(_ what: String) -> Failure {
            Failure(.inputOutput, "cannot \(what): \(String(cString: strerror(errno)))")
        }

        static let cutOff = Failure(.damaged, "the end is missing")
        static let foreign = Failure(.damaged, "what follows the end is not gzip's")
    }

    private static let inputBytes = 1 << 17
    private static let outputBytes = 1 << 18
    /// The largest window, and gzip's header and checksum around it.
    private static let windowBits: Int32 = 15 + 16

    /// Returns once all is written and every checksum was right.
    static func gzip(from input: Int32, to output: Int32) throws(Failure) {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, size) == Z_OK else {
            throw Failure(.noMemory, "zlib cannot begin")
        }
        defer { inflateEnd(&stream) }
        let packed = RawBuffer(count: inputBytes)
        let content = RawBuffer(count: outputBytes)
        try unpack(&stream, input, output, packed.bytes, content.bytes)
    }

    private static func unpack(
        _ stream: inout z_stream, _ input: Int32, _ output: Int32,
        _ packed: UnsafeMutableRawBufferPointer, _ content: UnsafeMutableRawBufferPointer
    ) throws(Failure) {
        /// Whether a member ended, and none has begun behind it.
        var isBetween = false
        while true {
            if stream.avail_in == 0 {
                let count = try read(input, packed)
                if count == 0 {
                    if isBetween { return }
                    throw .cutOff
                }
                stream.next_in = packed.bindMemory(to: UInt8.self).baseAddress
                stream.avail_in = UInt32(count)
            }
            if isBetween {
                // Zeros up to the end are what tapes are filled up with.
                if stream.next_in.pointee == 0 { return try requireZeros(&stream, input, packed) }
                inflateReset(&stream)
                isBetween = false
            }
            stream.next_out = content.bindMemory(to: UInt8.self).baseAddress
            stream.avail_out = UInt32(content.count)
            let result = inflate(&stream, Z_NO_FLUSH)
            try write(UnsafeRawBufferPointer(content), content.count - Int(stream.avail_out), to: output)
            switch result {
            case Z_OK, Z_BUF_ERROR: break
            case Z_STREAM_END: isBetween = true
            case Z_MEM_ERROR: throw Failure(.noMemory, "zlib has no memory")
            default: throw Failure(.damaged, stream.msg.map { String(cString: $0) } ?? "zlib says \(result)")
            }
        }
    }

    private static func requireZeros(
        _ stream: inout z_stream, _ input: Int32, _ packed: UnsafeMutableRawBufferPointer
    ) throws(Failure) {
        let rest = UnsafeBufferPointer(start: stream.next_in, count: Int(stream.avail_in))
        guard rest.allSatisfy({ $0 == 0 }) else { throw .foreign }
        while true {
            let count = try read(input, packed)
            if count == 0 { return }
            guard packed[..<count].allSatisfy({ $0 == 0 }) else { throw .foreign }
        }
    }

    private static func read(
        _ input: Int32, _ room: UnsafeMutableRawBufferPointer
    ) throws(Failure) -> Int {
        while true {
            let count = Glibc.read(input, room.baseAddress, room.count)
            if count >= 0 { return count }
            if errno != EINTR { throw .system("read") }
        }
    }

    private static func write(
        _ content: UnsafeRawBufferPointer, _ count: Int, to output: Int32
    ) throws(Failure) {
        var done = 0
        while done < count {
            let put = Glibc.write(output, content.baseAddress.map { $0 + done }, count - done)
            if put < 0, errno != EINTR { throw .system("write") }
            done += max(put, 0)
        }
    }
}
