import CZlib
import Glibc

/// Unpacks what gzip packed, one member behind the other, as `gzip -dc` does, in about half of the time.
///
/// It is a command, and no function of who reads what is unpacked: a packed file is a stranger's.
enum Unpacking {
    private static let damaged: Int32 = 1
    private static let failed: Int32 = 2
    private static let inputBytes = 1 << 17
    private static let outputBytes = 1 << 18
    /// The largest window, and gzip's header and checksum around it.
    private static let windowBits: Int32 = 15 + 16

    /// - Returns: zero once all is written and every checksum was right.
    static func gzip(from input: Int32, to output: Int32) -> Int32 {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, size) == Z_OK else { return failed }
        defer { inflateEnd(&stream) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: inputBytes) { packed in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: outputBytes) { content in
                unpack(&stream, input, output, packed, content)
            }
        }
    }

    private static func unpack(
        _ stream: inout z_stream, _ input: Int32, _ output: Int32,
        _ packed: UnsafeMutableBufferPointer<UInt8>, _ content: UnsafeMutableBufferPointer<UInt8>
    ) -> Int32 {
        /// Whether a member ended, and none has begun behind it.
        var isBetween = false
        while true {
            if stream.avail_in == 0 {
                let count = read(input, packed)
                if count < 0 { return failed }
                if count == 0 { return isBetween ? 0 : damaged }
                stream.next_in = packed.baseAddress
                stream.avail_in = UInt32(count)
            }
            if isBetween {
                // Zeros up to the end are what tapes are filled up with.
                if stream.next_in.pointee == 0 { return isRestZero(&stream, input, packed) ? 0 : damaged }
                inflateReset(&stream)
                isBetween = false
            }
            stream.next_out = content.baseAddress
            stream.avail_out = UInt32(content.count)
            let result = inflate(&stream, Z_NO_FLUSH)
            guard write(UnsafeRawBufferPointer(content), content.count - Int(stream.avail_out), to: output)
            else { return failed }
            switch result {
            case Z_OK, Z_BUF_ERROR: break
            case Z_STREAM_END: isBetween = true
            default: return result == Z_MEM_ERROR ? failed : damaged
            }
        }
    }

    private static func isRestZero(
        _ stream: inout z_stream, _ input: Int32, _ packed: UnsafeMutableBufferPointer<UInt8>
    ) -> Bool {
        let rest = UnsafeBufferPointer(start: stream.next_in, count: Int(stream.avail_in))
        guard rest.allSatisfy({ $0 == 0 }) else { return false }
        while true {
            let count = read(input, packed)
            if count <= 0 { return count == 0 }
            guard packed[..<count].allSatisfy({ $0 == 0 }) else { return false }
        }
    }

    private static func read(_ input: Int32, _ room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        while true {
            let count = Glibc.read(input, room.baseAddress, room.count)
            if count >= 0 || errno != EINTR { return count }
        }
    }

    private static func write(_ content: UnsafeRawBufferPointer, _ count: Int, to output: Int32) -> Bool {
        var done = 0
        while done < count {
            let put = Glibc.write(output, content.baseAddress.map { $0 + done }, count - done)
            if put < 0, errno != EINTR { return false }
            done += max(put, 0)
        }
        return true
    }
}
