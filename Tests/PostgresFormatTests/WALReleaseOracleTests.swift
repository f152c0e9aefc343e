import Foundation
import Platform
import PostgresFormat
import TestKit
import Testing

/// PostgreSQL 15, 16, 17 and 18, each read by this project and by its own `pg_waldump`.
@Suite struct WALReleaseOracleTests {
    /// What this project makes of a release's WAL, in `pg_waldump`'s words.
    private struct Reading {
        struct Record {
            var start: LSN
            var previous: LSN
            var xid: TransactionID
            var length: UInt32
            var name: String
            var operation: String
            var blocks: String
            var time: PostgresTimestamp?
            var isUnderstood: Bool
        }

        var records: [Record] = []
        var statistics = WALStatistics()
        var end: WALEnd?
        /// Images that could not be restored, or came out otherwise than `pg_waldump`'s.
        var wrongPages: [String] = []
        var restoredPages: [BlockImage.Compression: Int] = [:]

        init(_ wal: ReleaseWAL) throws {
            let first = try #require(wal.segments.first)
            var decoder = WALDecoder(start: first.name.start, segmentSize: RecordedWAL.segmentSize)
            let all = wal.segments.flatMap(\.bytes)
            end = all.withUnsafeBytes { bytes in
                decoder.feed(bytes) { record in
                    statistics.add(record)
                    add(record)
                    for block in record.blocks { restore(block, of: record, wal) }
                    return true
                }
            }
        }

        private mutating func add(_ record: borrowing WALRecord) {
            var blocks = ""
            record.forEachBlock { block in
                blocks += block.waldumpText
                return true
            }
            let understood =
                switch record.resourceManager {
                case .heap, .heap2: record.heapOperation != nil
                case .transaction: record.transactionOperation != nil
                case .database: record.databaseOperation != nil
                case .tablespace: record.tablespaceOperation != nil
                case .storage: record.storageOperation != nil
                case .sequence: record.sequence != nil
                case .relationMap: record.relationMapUpdate != nil
                case .logicalMessage: record.logicalMessage != nil
                default: true
                }
            records.append(
                Record(
                    start: record.start, previous: record.previous, xid: record.xid,
                    length: record.totalLength, name: record.resourceManagerName,
                    operation: record.operationName, blocks: blocks, time: record.transactionEnd?.time,
                    isUnderstood: understood))
        }

        private mutating func restore(
            _ block: BlockReference, of record: borrowing WALRecord, _ wal: ReleaseWAL
        ) {
            guard let image = block.image else { return }
            let place = block.locator.description.replacing("/", with: ".")
            let name = "\(record.start) \(place).\(block.block)_\(block.fork.name)"
            var page = [UInt8](repeating: 0, count: BlockImage.pageSize)
            do {
                page = try record.restored(image) { stored, target in
                    guard let zstd = try? Decompressor() else { return nil }
                    return try? zstd.content(ofFrame: stored, into: target)
                }
            } catch {
                wrongPages.append("\(name): \(error)")
                return
            }
            restoredPages[image.compression, default: 0] += 1
            if wal.version != .v15, wal.pages[name] != page { wrongPages.append(name) }
            // A page's special space begins behind its free space, in every kind of page but empty ones.
            let upper = Int(page[14]) | Int(page[15]) << 8
            let special = Int(page[16]) | Int(page[17]) << 8
            if special > BlockImage.pageSize || upper > special { wrongPages.append(name) }
        }
    }

    @Test(arguments: WALVersion.allCases)
    func `reads every release's WAL exactly as its own pg_waldump`(_ version: WALVersion) throws {
        let wal = try ReleaseWAL.shared(version)
        let reading = try Reading(wal)
        #expect(wal.lines.count > 20_000)
        #expect(reading.records.count == wal.lines.count)
        #expect(reading.statistics.version == version)
        var wrong = 0
        for (record, line) in zip(reading.records, wal.lines) {
            let blocks = line.description.range(of: ", blkref #").map {
                String(line.description[$0.lowerBound...])
            }
            let isSame =
                record.start == line.start && record.previous == line.previous && record.xid == line.xid
                && record.length == line.totalLength && record.name == line.manager
                && line.description.hasPrefix(record.operation) && record.blocks == blocks ?? ""
                && record.isUnderstood
                && (record.time.map { line.description.contains($0.sqlText.dropLast(3) + " UTC") } ?? true)
            if !isSame {
                wrong += 1
                if wrong < 10 { Issue.record("\(record) is not \(line)") }
            }
        }
        #expect(wrong == 0)
        guard case .zeroedTail = reading.end else {
            Issue.record("the WAL ends otherwise: \(String(describing: reading.end))")
            return
        }
        compare(reading.statistics, with: wal)
        #expect(reading.wrongPages.isEmpty, "\(reading.wrongPages.prefix(10))")
        #expect(reading.restoredPages[.none, default: 0] > 500)
        #expect(reading.restoredPages[.pglz, default: 0] > 20)
        // The wheel of 16 is built without the two, that of 18 as well.
        if version == .v15 || version == .v17 {
            #expect(reading.restoredPages[.lz4, default: 0] > 20)
            #expect(reading.restoredPages[.zstd, default: 0] > 20)
        }
    }

    /// Counts, bytes and image bytes of each resource manager and each kind of record.
    private func compare(_ statistics: WALStatistics, with wal: ReleaseWAL) {
        func told(_ rows: [WALStatistics.Row]) -> [ReleaseWAL.Statistic] {
            (rows + [WALStatistics.Row(name: "Total", amount: statistics.total)]).map {
                ReleaseWAL.Statistic(
                    name: $0.name, count: $0.amount.count, recordBytes: $0.amount.recordBytes,
                    imageBytes: $0.amount.imageBytes)
            }
        }
        #expect(Set(told(statistics.managers)) == Set(wal.managers))
        #expect(Set(told(statistics.records)) == Set(wal.records))
        // All but the extensions' own pages, where there is no extension.
        let silent = statistics.managers.filter { $0.amount.count == 0 }.map(\.name)
        #expect(Set(silent).isSubset(of: ["Generic"]), "\(silent)")
    }
}
