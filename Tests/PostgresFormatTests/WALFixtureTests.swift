import Foundation
import Platform
import PostgresFormat
import TestKit
import Testing
import TestValues

/// The WAL under fixtures/wal, each a case of its own.
@Suite struct WALFixtureTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("fixtures/wal")

    static let cases: [String] =
        (try? FileManager.default.contentsOfDirectory(atPath: root.path).sorted()) ?? []

    /// The segments of a case, in order.
    static func segments(_ name: String) throws -> [(name: SegmentName, bytes: [UInt8])] {
        let folder = root.appendingPathComponent(name)
        let decompressor = try Decompressor()
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().compactMap { file in
            guard file.hasSuffix(".zst"),
                let segment = SegmentName(fileName: String(file.dropLast(4)), size: WALCraft.smallSegment)
            else { return nil }
            let packed = Array(try Data(contentsOf: folder.appendingPathComponent(file)))
            var bytes = [UInt8](repeating: 0, count: Int(WALCraft.smallSegment.bytes))
            let count = try packed.withUnsafeBytes { packed in
                try bytes.withUnsafeMutableBytes { try decompressor.content(ofFrame: packed, into: $0) }
            }
            try #require(count == bytes.count)
            return (segment, bytes)
        }
    }

    @Test func `has a fixture for every case, with how it was made`() throws {
        #expect(Self.cases.count >= 14)
        for name in Self.cases {
            let readme = Self.root.appendingPathComponent(name + "/README.md")
            #expect(try String(contentsOf: readme, encoding: .utf8).contains("make-wal-fixtures"))
        }
    }

    @Test(arguments: cases) func `reads the WAL that is kept as it was read when it was made`(
        _ name: String
    ) throws {
        let folder = Self.root.appendingPathComponent(name)
        let all = try Self.segments(name)
        let timeline = try #require(all.last?.name.timeline)
        let segments = all.filter { $0.name.timeline == timeline }
        let first = try #require(segments.first)
        var decoder = WALDecoder(start: first.name.start, segmentSize: first.name.size)
        var statistics = WALStatistics()
        var end: WALEnd?
        for segment in segments {
            end = segment.bytes.withUnsafeBytes { bytes in
                decoder.feed(bytes) { record in
                    statistics.add(record)
                    return true
                }
            }
        }
        let wanted = try String(contentsOf: folder.appendingPathComponent("records.txt"), encoding: .utf8)
            .split(separator: "\n").compactMap(ReleaseWAL.Statistic.init)
        let rows = statistics.records + [WALStatistics.Row(name: "Total", amount: statistics.total)]
        let found = rows.map {
            ReleaseWAL.Statistic(
                name: $0.name, count: $0.amount.count, recordBytes: $0.amount.recordBytes,
                imageBytes: $0.amount.imageBytes)
        }
        #expect(Set(found) == Set(wanted))
        // `… record at 0/952728: invalid record length at 0/9527A0: wanted 24, got 0`
        let message = try String(contentsOf: folder.appendingPathComponent("end.txt"), encoding: .utf8)
        #expect(message.contains("\(try #require(end).position):"), "\(message)")
    }

    @Test func `the overwritten record is skipped and told`() throws {
        for name in Self.cases where name.hasPrefix("overwritten") {
            let segments = try Self.segments(name)
            let first = try #require(segments.first)
            var decoder = WALDecoder(start: first.name.start, segmentSize: first.name.size)
            // Where the lost record began, and the segment of the record that says so.
            var told: (lost: LSN, segment: SegmentName)?
            for segment in segments {
                _ = segment.bytes.withUnsafeBytes { bytes in
                    decoder.feed(bytes) { record in
                        if let (start, _) = record.overwrittenRecord { told = (start, segment.name) }
                        return true
                    }
                }
            }
            let (lost, segment) = try #require(told)
            #expect(first.name.start < lost && lost < segment.start)
        }
    }

    @Test func `no change to real WAL makes the reader crash, loop or grow`() throws {
        let segments = try Self.cases.flatMap(Self.segments)
        var fuzzer = RecordFuzzer(segments, random: SeededRandom())
        let wanted = ProcessInfo.processInfo.environment["PITR_FUZZ_EXECUTIONS"].flatMap { UInt64($0) }
        fuzzer.run(wanted ?? 3_000)
        #expect(fuzzer.executions >= 3_000)
        #expect(fuzzer.readable > fuzzer.executions / 2)
    }
}
