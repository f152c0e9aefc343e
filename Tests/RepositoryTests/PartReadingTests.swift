import Platform
import PostgresFormat
import Repository
import TestKit
import Testing
import TestValues

/// What several threads read of a segment is what one reads, whatever is in it.
@Suite struct PartReadingTests {
    /// Reads the file in so many parts and in one, and answers both.
    private static func bothWays(
        _ bytes: [UInt8], workers: Int, _ scratch: ScratchDirectory
    ) throws -> (parts: (WALStatistics, WALEnd?), whole: (WALStatistics, WALEnd?)) {
        let path = scratch.file("segment")
        try DurableFiles.write(bytes, to: path, durable: false)
        return (
            try WALFile.statistics(path: path, workers: workers, smallestPart: 8192),
            try WALFile.statistics(path: path, workers: 1)
        )
    }

    @Test(.enabled(if: RecordedWAL.isAvailable), arguments: [2, 3, 7, 16])
    func `parts of real WAL add up to the whole`(workers: Int) throws {
        let scratch = try ScratchDirectory("parts")
        let segments = try RecordedWAL.shared().segments
        var counted: UInt64 = 0
        for segment in segments {
            let (parts, whole) = try Self.bothWays(segment.bytes, workers: workers, scratch)
            #expect(parts.0 == whole.0, "\(segment.name)")
            #expect(parts.1 == whole.1, "\(segment.name)")
            counted += whole.0.total.count
        }
        #expect(counted > 1000)
    }

    @Test(.enabled(if: RecordedWAL.isAvailable))
    func `damage ends the WAL at the same place for several threads as for one`() throws {
        let scratch = try ScratchDirectory("parts")
        let segments = try RecordedWAL.shared().segments
        var random = SeededRandom()
        var ended = 0
        for number in 0..<120 {
            guard let segment = segments.randomElement(using: &random) else { return }
            var bytes = segment.bytes
            switch number % 4 {
            case 0:
                // A bit, anywhere.
                bytes[Int.random(in: 40..<bytes.count, using: &random)] ^=
                    1 << UInt8.random(in: 0..<8, using: &random)
            case 1:
                // In a page's header.
                let page = Int.random(in: 1..<bytes.count / 8192, using: &random) * 8192
                bytes[page + Int.random(in: 0..<24, using: &random)] ^= 0x01
            case 2:
                // The rest was never written.
                let from = Int.random(in: 1..<bytes.count / 8192, using: &random) * 8192
                for offset in from..<bytes.count { bytes[offset] = 0 }
            default:
                // Two pages changed places.
                let first = Int.random(in: 1..<bytes.count / 8192, using: &random) * 8192
                let second = Int.random(in: 1..<bytes.count / 8192, using: &random) * 8192
                for offset in 0..<8192 { bytes.swapAt(first + offset, second + offset) }
            }
            let workers = Int.random(in: 2...9, using: &random)
            let (parts, whole) = try Self.bothWays(bytes, workers: workers, scratch)
            #expect(parts.0 == whole.0, "seed \(random.seed), number \(number)")
            #expect(parts.1 == whole.1, "seed \(random.seed), number \(number)")
            if whole.1 != nil { ended += 1 }
        }
        #expect(ended > 60)
    }

    @Test func `what is no segment is refused as by one thread`() throws {
        let scratch = try ScratchDirectory("parts")
        let path = scratch.file("segment")
        try DurableFiles.write([UInt8](repeating: 7, count: 1 << 20), to: path, durable: false)
        let failure = #expect(throws: Problem.self) {
            try WALFile.statistics(path: path, workers: 4, smallestPart: 8192)
        }
        #expect(failure?.code == .usage)
    }
}
