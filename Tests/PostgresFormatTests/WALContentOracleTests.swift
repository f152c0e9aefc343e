import Foundation
import PostgresFormat
import TestKit
import Testing

/// What records say, against what `pg_waldump` prints of them.
@Suite(.enabled(if: RecordedWAL.isAvailable)) struct WALContentOracleTests {
    /// One record as this project reads it, in `pg_waldump`'s words.
    struct Told {
        var blocks = ""
        var heap: HeapOperation?
        var transaction: TransactionOperation?
        var isWhole = false
    }

    private func told(_ wal: RecordedWAL) throws -> [LSN: Told] {
        let first = try #require(wal.segments.first)
        var decoder = WALDecoder(start: first.name.start, segmentSize: RecordedWAL.segmentSize)
        var all: [LSN: Told] = [:]
        _ = wal.segments.flatMap(\.bytes).withUnsafeBytes { bytes in
            decoder.feed(bytes) { record in
                var told = Told()
                told.isWhole = record.forEachBlock { block in
                    told.blocks += block.waldumpText
                    return true
                }
                told.heap = record.heapOperation
                told.transaction = record.transactionOperation
                all[record.start] = told
                return true
            }
        }
        return all
    }

    @Test func `every block is the one that pg_waldump prints`() throws {
        let wal = try RecordedWAL.shared()
        let all = try told(wal)
        var blocks = 0
        for line in wal.lines {
            let told = try #require(all[line.start])
            let wanted = line.description.range(of: ", blkref #").map {
                String(line.description[$0.lowerBound...])
            }
            if !told.isWhole { #expect(line.totalLength > 500_000, "\(line)") }
            #expect(told.blocks == wanted ?? "", "\(line)")
            blocks += wanted == nil ? 0 : 1
        }
        #expect(blocks > 3_000)
    }

    @Test func `every record of the heap and of the transactions is understood`() throws {
        let wal = try RecordedWAL.shared()
        let all = try told(wal)
        for line in wal.lines {
            let told = try #require(all[line.start])
            let isHeap = line.manager == "Heap" || line.manager == "Heap2"
            #expect((told.heap != nil) == isHeap, "\(line)")
            #expect((told.transaction != nil) == (line.manager == "Transaction"), "\(line)")
            if case .end(let details) = told.transaction {
                let children = details.subtransactions.map { "\($0)" }.joined(separator: " ")
                if !children.isEmpty { #expect(line.description.contains(children), "\(line)") }
                for relation in details.droppedRelations {
                    #expect(line.description.contains("/\(relation.number)"), "\(line)")
                }
                #expect(line.description.contains("origin") == (details.origin != nil), "\(line)")
            }
        }
    }

    @Test func `rows have the line pointers that pg_waldump prints`() throws {
        let wal = try RecordedWAL.shared()
        let all = try told(wal)
        var seen: Set<String> = []
        for line in wal.lines where line.manager == "Heap" {
            let name = String(line.description.split(separator: " ")[0])
            let words: [String]
            switch try #require(all[line.start]?.heap) {
            case .insert(let insertion): words = ["off \(insertion.row.offset) flags"]
            case .delete(let deletion): words = ["off \(deletion.row.offset) flags"]
            case .update(let update):
                words = ["off \(update.old.offset) xmax \(update.oldXmax)", "new off \(update.new.offset)"]
            case .lock(let lock): words = ["off \(lock.row.offset): xid \(lock.xmax)"]
            case .inPlace(let change): words = ["off \(change.row.offset)"]
            default: words = []
            }
            for text in words { #expect(line.description.contains(text), "\(line)") }
            seen.insert(name)
        }
        #expect(seen.isSuperset(of: ["INSERT", "DELETE", "UPDATE", "HOT_UPDATE", "LOCK", "INPLACE"]))
    }
}

extension BlockReference {
    /// `, blkref #0: rel 1663/5/1259 fork vm blk 0 FPW`.
    var waldumpText: String {
        let fork = fork == .main ? "" : " fork \(fork.name)"
        let image = image.map { $0.applies ? " FPW" : " FPW for WAL verification" } ?? ""
        return ", blkref #\(id): rel \(locator)\(fork) blk \(block)\(image)"
    }
}
