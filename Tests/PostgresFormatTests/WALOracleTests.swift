import PostgresFormat
import TestKit
import Testing

@Suite(.enabled(if: RecordedWAL.isAvailable)) struct WALOracleTests {
    private func decoded(_ wal: RecordedWAL, portions: [Int] = [Int.max]) throws -> DecodedWAL {
        let first = try #require(wal.segments.first)
        return DecodedWAL(
            wal.segments.flatMap(\.bytes), from: first.name.start, segmentSize: RecordedWAL.segmentSize,
            portions: portions)
    }

    @Test func `every record is the one that pg_waldump prints`() throws {
        let wal = try RecordedWAL.shared()
        let found = try decoded(wal)
        #expect(wal.lines.count > 5_000)
        #expect(found.records.count == wal.lines.count)
        for (record, line) in zip(found.records, wal.lines) {
            try #require(record.start == line.start)
            #expect(ResourceManager(rawValue: record.manager)?.name == line.manager)
            #expect(record.xid == line.xid)
            #expect(record.totalLength == line.totalLength)
        }
        #expect(try decoded(wal, portions: [1]) == found)
    }

    @Test func `every end follows from where pg_waldump says the next record starts`() throws {
        let wal = try RecordedWAL.shared()
        let found = try decoded(wal)
        for (record, next) in zip(found.records, found.records.dropFirst()) {
            let skipped = next.start.rawValue - record.end.rawValue
            let isPage = record.end.rawValue % 8192 == 0
            #expect(skipped == 0 || isPage && (skipped == 24 || skipped == 40), "\(record.start)")
        }
    }

    @Test func `the end of the WAL is where pg_waldump finds it`() throws {
        let wal = try RecordedWAL.shared()
        let end = try #require(decoded(wal).end)
        guard case .zeroedTail(let position) = end else {
            Issue.record("the WAL ends otherwise: \(end)")
            return
        }
        #expect(wal.endMessage.contains("\(position)"), "\(wal.endMessage)")
    }

    @Test func `every commit, abort and prepare has the time and number that pg_waldump prints`() throws {
        let wal = try RecordedWAL.shared()
        let ends = try decoded(wal).transactions
        let lines = wal.lines.filter { $0.manager == "Transaction" && $0.description.isTransactionEnd }
        #expect(ends.count == lines.count)
        for (end, line) in zip(ends, lines) {
            #expect(end.start == line.start)
            #expect(line.description.hasPrefix(end.kind.waldumpName))
            #expect(line.description.contains(end.time.waldumpText), "\(line.description)")
            switch end.kind {
            case .commit, .abort, .prepare: #expect(end.xid == line.xid)
            case .commitPrepared, .abortPrepared:
                #expect(line.description.hasPrefix("\(end.kind.waldumpName) \(end.xid):"))
            }
        }
        #expect(Set(ends.map(\.kind)) == Set(TransactionEnd.Kind.allCases))
    }
}

extension TransactionEnd.Kind {
    var waldumpName: String {
        switch self {
        case .commit: "COMMIT"
        case .prepare: "PREPARE"
        case .abort: "ABORT"
        case .commitPrepared: "COMMIT_PREPARED"
        case .abortPrepared: "ABORT_PREPARED"
        }
    }
}

extension String {
    fileprivate var isTransactionEnd: Bool {
        TransactionEnd.Kind.allCases.contains { hasPrefix($0.waldumpName + " ") }
    }
}

extension PostgresTimestamp {
    /// `2026-03-31 22:02:13.876954 UTC`.
    fileprivate var waldumpText: String { String(sqlText.dropLast(3)) + " UTC" }
}
