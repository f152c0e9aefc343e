import Planning
import PostgresFormat
import TestKit
import Testing

@testable import Holdings
@testable import Platform

/// What was streamed lies in files as long as segments, with zeros from where the stream ended. They are not
/// read: the summaries have to be those of the whole files all the same.
@Suite(.timeLimit(.minutes(5)))
struct StreamedTailTests {
    /// In which portions files are read.
    private static let portion = 1 << 18
    private static let size = Int(WALCraft.smallSegment.bytes)

    private let scratch: ScratchDirectory
    /// Two segments of records.
    private let craft: WALCraft

    init() throws {
        scratch = try ScratchDirectory("tail")
        var craft = WALCraft.small()
        while craft.bytes.count < Self.size + Self.size / 2 {
            craft.heap(700, data: [UInt8](repeating: 3, count: 900))
        }
        self.craft = craft
    }

    /// A stream that ended so many bytes behind the beginning.
    ///
    /// - Parameter files: how many segments there are files of.
    private func tail(endingAt end: Int, files count: Int) throws -> SourceTail {
        var files: [(name: SegmentName, path: String)] = []
        var name = craft.first
        for number in 0..<count {
            let begin = number * Self.size
            let held = Array(craft.bytes[min(begin, end)..<min(begin + Self.size, end)])
            let path = scratch.file("\(end)-\(name.fileName)")
            let zeros = [UInt8](repeating: 0, count: Self.size - held.count)
            try DurableFiles.write(held + zeros, to: path, durable: false)
            files.append((name, path))
            name = name.next
        }
        return SourceTail(
            files: files, readAt: PostgresTimestamp(microseconds: 1), flushLSN: nil,
            timeline: craft.first.timeline)
    }

    @Test(arguments: [
        0, 1, 40, 8191, 8192, portion - 1, portion, portion + 1, portion + 500, 3 * portion, size - 8,
        size - 1, size, size + 1, size + 40, size + portion, size + size / 2,
    ])
    func `zeros that are not read count as if they were`(_ end: Int) throws {
        var tail = try tail(endingAt: end, files: 2)
        let whole = try tail.summaries()
        #expect(whole.allSatisfy { $0.summary.rawBytes == UInt64(Self.size) })
        tail.zerosFrom = craft.first.start.advanced(by: UInt64(end))
        let told = try tail.summaries()
        #expect(told.map(\.name) == whole.map(\.name))
        #expect(told.map(\.summary) == whole.map(\.summary))
    }

    /// What was read of each file is enough: nothing behind is there.
    @Test(arguments: [portion, portion + 1, 2 * portion, size, size + portion])
    func `nothing is read of a file behind the portion in which its zeros begin`(_ end: Int) throws {
        var tail = try tail(endingAt: end, files: 2)
        let whole = try tail.summaries()
        tail.zerosFrom = craft.first.start.advanced(by: UInt64(end))
        for (number, file) in tail.files.enumerated() {
            let own = min(max(end - number * Self.size, 1), Self.size)
            let portions = (own + Self.portion - 1) / Self.portion
            let open = try OpenFile(updating: file.path)
            let begin = portions * Self.portion
            try open.write([UInt8](repeating: 7, count: Self.size - begin), at: UInt64(begin))
        }
        #expect(try tail.summaries().map(\.summary) == whole.map(\.summary))
    }

    @Test func `a file that is empty is not taken for a segment of zeros`() throws {
        var tail = try tail(endingAt: 0, files: 1)
        try OpenFile(updating: try #require(tail.files.first).path).truncate(to: 0)
        tail.zerosFrom = craft.first.start
        #expect(try tail.summaries().map(\.summary.rawBytes) == [0])
    }
}
