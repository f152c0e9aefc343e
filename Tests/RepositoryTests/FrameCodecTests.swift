import Platform
import PostgresFormat
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
}
