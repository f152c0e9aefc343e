import Platform
import PostgresFormat
import TestKit
import Testing

@testable import Repository

@Suite(.timeLimit(.minutes(5)))
struct FrameCodecTests {
    private let layout = RepositoryLayout(root: "/nowhere")

    /// The frames of a file, each with its content's length.
    private func frames(of stored: [UInt8]) -> [Int?] {
        stored.withUnsafeBytes { bytes in
            var found: [Int?] = []
            var offset = 0
            while offset < bytes.count, let size = FrameDecoder.size(bytes.part(offset, bytes.count - offset))
            {
                found.append(FrameDecoder.contentSize(bytes.part(offset, size)))
                offset += size
            }
            return offset == bytes.count ? found : []
        }
    }

    @Test func `content is cut into frames, and a file without content is one empty frame`() throws {
        let encoder = try layout.encoder()
        let long = [UInt8](repeating: 7, count: FrameFormat.contentBytes + 3)
        #expect(frames(of: try encoder.file([])) == [0])
        #expect(frames(of: try encoder.file([1, 2, 3])) == [3])
        #expect(frames(of: try encoder.file(long)) == [FrameFormat.contentBytes, 3])
    }

    @Test func `what is appended unpacks to what it was, and nothing makes no frame`() throws {
        let encoder = try layout.encoder()
        var stored: [UInt8] = []
        try encoder.append([], to: &stored)
        #expect(stored.isEmpty)
        try encoder.append([1, 2, 3], to: &stored)
        var content = [UInt8](repeating: 0, count: 8)
        let decoder = try layout.decoder()
        let count = try stored.withUnsafeBytes { frame in
            try content.withUnsafeMutableBytes { try decoder.content(of: frame, into: $0) }
        }
        #expect(content[..<count] == [1, 2, 3])
    }

    // MARK: Frames of others

    /// One frame that says how long its content is, with a checksum.
    private static func told(_ content: [UInt8]) throws -> [UInt8] {
        let room = RawBuffer(count: Compressor.bound(content.count))
        let count = try content.withUnsafeBytes { try Compressor(level: 1).frame($0, into: room.bytes) }
        return Array(room[prefix: count])
    }

    /// One frame of a pipe's content, as long as that may be.
    private static func untold(_ content: [UInt8], _ options: [String] = []) throws -> [UInt8] {
        let scratch = try ScratchDirectory("frames")
        try DurableFiles.write(content, to: scratch.file("content"), durable: false)
        let packing = (["zstd", "-q", "-c"] + options).joined(separator: " ")
        let steps = "cat \(scratch.file("content")) | \(packing) > \(scratch.file("packed"))"
        try SystemCommands().runChecked(Command("bash", ["-c", steps], timeoutSeconds: 60))
        return try DurableFiles.read(scratch.file("packed"))
    }

    /// The pieces of a file's content; nil where it is damaged.
    private func pieces(of stored: [UInt8]) throws -> [[UInt8]]? {
        var reader = try layout.reader(OpenFile(holding: stored, as: "frames"))
        var pieces: [[UInt8]] = []
        while true {
            switch try reader.next({ (content) throws(Problem) in pieces.append(Array(content)) }) {
            case .success(true): continue
            case .success(false): return pieces
            case .failure: return nil
            }
        }
    }

    @Test func `a frame longer than those made here is read in pieces, between others too`() throws {
        let short = try layout.encoder().file([1, 2, 3])
        for count in [FrameFormat.contentBytes + 1, 3 * FrameFormat.contentBytes, 5_000_003] {
            let content = SampleBytes.halfRandom(count: count)
            for frame in [try Self.told(content), try Self.untold(content)] {
                #expect(frame.withUnsafeBytes { FrameFormat.canKeep($0) })
                let found = try #require(try pieces(of: short + frame + short + frame))
                #expect(found.flatMap { $0 } == [1, 2, 3] + content + [1, 2, 3] + content)
                #expect(found.allSatisfy { $0.count <= FrameFormat.contentBytes && !$0.isEmpty })
            }
        }
        // As many bytes as a frame has here, of which it does not say how many they are.
        let content = SampleBytes.halfRandom(count: FrameFormat.contentBytes)
        #expect(try pieces(of: Self.untold(content)) == [content])
        #expect(try pieces(of: Self.untold([]))?.allSatisfy(\.isEmpty) == true)
    }

    @Test func `a long frame that is damaged or cut off is never read to its end`() throws {
        let frame = try Self.told(SampleBytes.halfRandom(count: 2_500_000))
        for place in stride(from: 0, to: frame.count, by: frame.count / 60) {
            var damaged = frame
            damaged[place] ^= 0xFF
            #expect(try pieces(of: damaged) == nil, "\(place)")
        }
        for count in [1, 4, 5, 9, 20, frame.count / 2, frame.count - 4, frame.count - 1] {
            #expect(try pieces(of: Array(frame[..<count])) == nil, "\(count)")
        }
    }

    @Test func `what is more or less than one frame that can be read is not kept as it is`() throws {
        func isKept(_ packed: [UInt8]) -> Bool { packed.withUnsafeBytes { FrameFormat.canKeep($0) } }
        let content = SampleBytes.halfRandom(count: 3_000_000)
        let frame = try Self.told(content)
        #expect(isKept(frame))
        #expect(!isKept(frame + frame))
        #expect(!isKept(frame + [0]))
        #expect(!isKept(frame.dropLast()))
        #expect(!isKept([]))
        #expect(!isKept([0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0] + frame))
        // Readers would have to keep 16 MiB of it.
        #expect(try isKept(Self.untold(content, ["--long=23"])))
        #expect(try !isKept(Self.untold(content, ["--long=24"])))
        // The flag of a dictionary, and its number.
        let needing = Array(frame[..<4]) + [frame[4] | 1, frame[5], 7] + frame[6...]
        #expect(!isKept(needing))
    }

    @Test func `a frame of many blocks is kept only where it can be read again`() throws {
        let content = SampleBytes.halfRandom(count: FrameFormat.contentBytes)
        /// As it is, in blocks of so many bytes, with its length.
        func frame(_ block: Int) -> [UInt8] {
            var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xA0, 0, 0, 0x10, 0]
            for start in stride(from: 0, to: content.count, by: block) {
                let header = block << 3 | (start + block == content.count ? 1 : 0)
                bytes += [UInt8(header & 0xFF), UInt8(header >> 8 & 0xFF), UInt8(header >> 16)]
                bytes += content[start..<start + block]
            }
            return bytes
        }
        #expect(frame(1 << 16).withUnsafeBytes { FrameFormat.canKeep($0) })
        #expect(try pieces(of: frame(1 << 16)) == [content])
        #expect(!frame(8).withUnsafeBytes { FrameFormat.canKeep($0) })
    }

    @Test func `a frame's header says what zstd says of it`() throws {
        let lengths = [0, 1, 255, 256, 257, 65_791, 65_792, 300_000, 1_500_000]
        for content in lengths.map(SampleBytes.halfRandom) {
            for frame in [try Self.told(content), try Self.untold(content)] {
                frame.withUnsafeBytes { bytes in
                    let header = FrameHeader(bytes)
                    #expect(header != nil)
                    #expect(header?.contentBytes == Decompressor.contentSize(bytes))
                    #expect(header?.needsDictionary == false)
                }
            }
        }
        for count in 0..<5 {
            #expect([UInt8](repeating: 0x28, count: count).withUnsafeBytes { FrameHeader($0) } == nil)
        }
    }
}
