import Platform
import TestKit
import Testing
import TestValues

@Suite struct CompressorTests {
    @Test func `a frame gives back what went in`() throws {
        var random = SeededRandom()
        let compressor = try Compressor(level: 1)
        let decompressor = try Decompressor()
        for size in [0, 1, 100, 8192, 1 << 20] {
            let content = random.bytes(size / 2) + [UInt8](repeating: 7, count: size - size / 2)
            let frame = try Self.frame(content, compressor)
            let back = try frame.withUnsafeBytes { bytes in
                #expect(Decompressor.frameSize(bytes) == frame.count)
                #expect(Decompressor.contentSize(bytes) == UInt64(size))
                let room = RawBuffer(count: max(size, 1))
                let count = try decompressor.content(ofFrame: bytes, into: room.bytes)
                return Array(room[prefix: count])
            }
            #expect(back == content)
        }
    }

    @Test func `a frame that is cut off has no size`() throws {
        let frame = try Self.frame([UInt8](repeating: 3, count: 5000), Compressor(level: 1))
        for count in 0..<frame.count {
            let isWhole = Array(frame[..<count]).withUnsafeBytes { Decompressor.frameSize($0) != nil }
            #expect(!isWhole, "\(count) of \(frame.count) bytes")
        }
    }

    @Test func `every flipped bit of a frame is noticed, or harmless`() throws {
        var random = SeededRandom()
        let content = random.bytes(3000)
        let frame = try Self.frame(content, Compressor(level: 1))
        let decompressor = try Decompressor()
        let room = RawBuffer(count: 1 << 16)
        for _ in 0..<500 {
            var damaged = frame
            damaged[Int.random(in: 0..<frame.count, using: &random)] ^=
                1 << UInt8.random(in: 0..<8, using: &random)
            let result = damaged.withUnsafeBytes { bytes in
                (try? decompressor.content(ofFrame: bytes, into: room.bytes)).map { Array(room[prefix: $0]) }
            }
            #expect(result == nil || result == content)
        }
    }

    private static func frame(_ content: [UInt8], _ compressor: borrowing Compressor) throws -> [UInt8] {
        let room = RawBuffer(count: Compressor.bound(content.count))
        let count = try content.withUnsafeBytes { try compressor.frame($0, into: room.bytes) }
        return Array(room[prefix: count])
    }
}
