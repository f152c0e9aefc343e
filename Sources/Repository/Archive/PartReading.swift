import Platform
import PostgresFormat
import Synchronization

/// Reads the records that begin in one part of a segment's file, from one page to another.
struct PartReading: Sendable {
    struct Origin: Sendable {
        let start: LSN
        let segmentSize: WALSegmentSize
    }

    struct Result: Sendable {
        var statistics = WALStatistics()
        var first: (start: LSN, previous: LSN)?
        /// Where the last record starts.
        var last: LSN?
        /// Where the record behind it has to start.
        var next: LSN?
        var firstTimeline: TimelineID?
        var lastTimeline: TimelineID?
        var version: WALVersion?
        /// Why the WAL ends in this part.
        var end: WALEnd?

        mutating func add(_ record: borrowing WALRecord) {
            if first == nil { first = (record.start, record.previous) }
            last = record.start
            statistics.add(record)
        }
    }

    let file: OpenFile
    let origin: Origin
    /// Offsets in the file, both of pages; a record that begins before `border` belongs to this part.
    let begin: UInt64
    let border: UInt64
    let size: UInt64

    /// Nil where this part alone does not tell what is in it.
    func run() throws(Problem) -> Result? {
        var decoder = WALDecoder(
            start: origin.start.advanced(by: begin), segmentSize: origin.segmentSize)
        var result = Result()
        let buffer = RawBuffer(count: FrameFormat.contentBytes)
        var offset = begin
        while offset < border {
            let wanted = Int(min(UInt64(FrameFormat.contentBytes), border - offset))
            guard let pages = try read(buffer, wanted, at: offset) else { return nil }
            if offset == begin { result.firstTimeline = WALPageHeader(pages)?.timeline }
            result.end = decoder.feed(pages) { record in
                result.add(record)
                return true
            }
            if result.end != nil { return finished(result, decoder) }
            offset += UInt64(wanted)
        }
        // The record that goes on behind the border.
        while decoder.tailFragment != nil, offset < size {
            guard let page = try read(buffer, WALPageHeader.pageSize, at: offset) else { return nil }
            var isForeign = false
            let limit = origin.start.advanced(by: border)
            let end = decoder.feed(page) { record in
                isForeign = record.start >= limit
                if !isForeign { result.add(record) }
                return false
            }
            if isForeign { return nil }
            if case .stopped(let next) = end {
                result.next = next
                return finished(result, decoder)
            }
            if end != nil {
                result.end = end
                return finished(result, decoder)
            }
            offset += UInt64(WALPageHeader.pageSize)
        }
        return finished(result, decoder)
    }

    private func finished(_ result: Result, _ decoder: WALDecoder) -> Result? {
        // Without a record there is nothing by which the parts can be joined.
        guard result.first != nil else { return nil }
        var result = result
        result.next = result.next ?? decoder.nextRecord
        result.lastTimeline = decoder.pageTimeline
        result.version = decoder.version
        return result
    }

    /// Nil where the file became shorter.
    private func read(
        _ buffer: borrowing RawBuffer, _ count: Int, at offset: UInt64
    ) throws(Problem) -> UnsafeRawBufferPointer? {
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count])
        return try file.read(into: room, at: offset) == count ? UnsafeRawBufferPointer(room) : nil
    }
}

/// What each thread found.
final class PartResults: Sendable {
    private let results: Mutex<[PartReading.Result?]>

    init(_ count: Int) {
        results = Mutex(Array(repeating: nil, count: count))
    }

    func set(_ index: Int, _ result: PartReading.Result?) {
        results.withLock { $0[index] = result }
    }

    var all: [PartReading.Result?] { results.withLock { $0 } }
}
