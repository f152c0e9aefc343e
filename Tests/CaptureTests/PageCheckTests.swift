import CSupport
import Glibc
import Platform
import PostgresFormat
import TestKit
import Testing
import TestValues

@testable import Capture

@Suite struct PageCheckTests {
    private static let start = LSN(0x2_0000_0000)

    @Test func `good, new and changed pages pass`() throws {
        var random = SeededRandom()
        var pages = Self.page(block: 7, lsn: LSN(5), &random)
        pages += [UInt8](repeating: 0, count: 8192)
        var changed = Self.page(block: 9, lsn: Self.start, &random)
        changed[4000] ^= 1
        pages += changed
        try Self.check(&pages, firstBlock: 7) { _, _ in Issue.record("nothing is to be read again") }
    }

    @Test func `every single flipped bit of an old page is noticed`() throws {
        var random = SeededRandom()
        let good = Self.page(block: 3, lsn: LSN(99), &random)
        for _ in 0..<200 {
            var page = good
            // Bits of the LSN may make the page look new, so they are left alone here.
            let place = Int.random(in: 8..<8192, using: &random)
            page[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            let problem = #expect(throws: Problem.self, "byte \(place)") {
                try Self.check(&page, firstBlock: 3) { _, _ in }
            }
            #expect(problem?.code == .backupDamaged)
            #expect(problem?.message.hasSuffix("block 3") == true)
        }
    }

    @Test func `a page that is whole when read again passes, and its good bytes are kept`() throws {
        var random = SeededRandom()
        let good = Self.page(block: 0, lsn: LSN(1), &random) + Self.page(block: 1, lsn: LSN(1), &random)
        var torn = good
        for place in 12_288..<16_384 { torn[place] = 0xAA }
        var asked: [Int] = []
        try Self.check(&torn, firstBlock: 0) { page, offset in
            asked.append(offset)
            page.copyBytes(from: good[offset..<offset + 8192])
        }
        #expect(asked == [8192])
        #expect(torn == good)
    }

    @Test func `a page on another block's place is damage`() throws {
        var random = SeededRandom()
        var page = Self.page(block: 12, lsn: LSN(1), &random)
        #expect(throws: Problem.self) { try Self.check(&page, firstBlock: 13) { _, _ in } }
    }

    @Test func `of a stopped server every page is looked at, however new, with its number in the relation`()
        throws
    {
        let scratch = try ScratchDirectory("pages")
        try DurableFiles.makeDirectories(scratch.file("base/5"))
        var random = SeededRandom()
        let newest = LSN(UInt64.max - 1)
        let first = Self.page(block: 0, lsn: LSN(9), &random) + Self.page(block: 1, lsn: newest, &random)
        let part = Self.page(block: 131_072, lsn: newest, &random)
        func check() throws -> DataDirectoryPages.Finding {
            try DataDirectoryPages.check(
                scratch.path, major: 15, progress: SilentProgress(), cancellation: CancellationFlag())
        }
        try DurableFiles.write(first, to: scratch.file("base/5/16384"))
        try DurableFiles.write(part, to: scratch.file("base/5/16384.1"))
        try DurableFiles.write([1, 2, 3], to: scratch.file("base/5/PG_VERSION"))
        #expect(try check() == DataDirectoryPages.Finding(files: 2, pages: 3))
        var wrong = first
        wrong[8192 + 5000] ^= 1
        try DurableFiles.write(wrong, to: scratch.file("base/5/16384"))
        #expect(try check().damage == [.init(path: "base/5/16384", block: 1)])
        try DurableFiles.write(first + [0, 0], to: scratch.file("base/5/16384"))
        #expect(try check().damage == [.init(path: "base/5/16384", block: 2)])
        #expect(mkfifo(scratch.file("base/5/strange"), 0o600) == 0)
        #expect(try check().passedOver.count == 1)
        #expect(symlink("/nowhere", scratch.file("base/5/17000")) == 0)
        #expect(throws: Problem.self) { try check() }
    }

    @Test func `an incomplete page at the end is not looked at`() throws {
        var random = SeededRandom()
        var pages = Self.page(block: 0, lsn: LSN(1), &random) + random.bytes(4096)
        try Self.check(&pages, firstBlock: 0) { _, _ in Issue.record("nothing is to be read again") }
    }

    /// A page with random content and the right checksum.
    private static func page(block: UInt32, lsn: LSN, _ random: inout SeededRandom) -> [UInt8] {
        var bytes = random.bytes(8192)
        bytes[14] = 0x10  // pd_upper is not 0 in a page that was initialised
        bytes.withUnsafeMutableBytes { page in
            page.storeBytes(
                of: UInt32(truncatingIfNeeded: lsn.rawValue >> 32), toByteOffset: 0, as: UInt32.self)
            page.storeBytes(of: UInt32(truncatingIfNeeded: lsn.rawValue), toByteOffset: 4, as: UInt32.self)
            let checksum = pitr_page_checksum(page.baseAddress, block)
            page.storeBytes(of: checksum, toByteOffset: 8, as: UInt16.self)
        }
        return bytes
    }

    private static func check(
        _ bytes: inout [UInt8], firstBlock: UInt32, _ again: (UnsafeMutableRawBufferPointer, Int) -> Void
    ) throws {
        var span = bytes.mutableSpan
        try span.withUnsafeMutableBytes { (pages) throws(Problem) in
            try PageCheck(path: "base/1/2", startLSN: start).run(pages, firstBlock: firstBlock) {
                (page, offset) throws(Problem) in again(page, offset)
            }
        }
    }
}
