import Planning
import PostgresFormat
import TestKit
import Testing

@Suite(.enabled(if: RecordedWAL.isAvailable)) struct SegmentOracleTests {
    /// The records of one segment as `pg_waldump` prints them: those wholly in it, and the one that leaves
    /// it.
    private struct Expected {
        var whole: [RecordedWAL.Line] = []
        var leaving: RecordedWAL.Line?
    }

    private func expected(_ wal: RecordedWAL, in name: SegmentName) -> Expected {
        var expected = Expected()
        for line in wal.lines where line.start >= name.start && line.start < name.end {
            let end = line.start.endOfRecord(length: line.totalLength, segmentSize: name.size)
            if end <= name.end { expected.whole.append(line) } else { expected.leaving = line }
        }
        return expected
    }

    @Test func `every segment's summary agrees with pg_waldump`() throws {
        let wal = try RecordedWAL.shared()
        #expect(wal.segments.count > 10)
        for (name, bytes) in wal.segments {
            let summary = bytes.summary(name)
            let expected = expected(wal, in: name)
            #expect(summary.firstRecord == (expected.whole.first ?? expected.leaving)?.start, "\(name)")
            #expect(summary.lastRecordStart == expected.whole.last?.start, "\(name)")
            #expect(summary.tail?.start == expected.leaving?.start, "\(name)")
            let ends = expected.whole.filter { $0.manager == "Transaction" }.map(\.description)
            func count(_ prefixes: String...) -> UInt32 {
                UInt32(ends.count { end in prefixes.contains { end.hasPrefix($0 + " ") } })
            }
            #expect(summary.commits == count("COMMIT", "COMMIT_PREPARED"), "\(name)")
            #expect(summary.aborts == count("ABORT", "ABORT_PREPARED"), "\(name)")
            #expect(summary.prepares == count("PREPARE"), "\(name)")
            #expect(
                summary.hazards == expected.whole.reduce(into: []) { $0.formUnion($1.hazards) }, "\(name)")
            #expect(try SegmentSummary(decoding: summary.encode()) == summary)
        }
    }

    @Test func `the recorded WAL holds what it was made to hold`() throws {
        let wal = try RecordedWAL.shared()
        let all = wal.segments.reduce(into: SegmentHazards()) {
            $0.formUnion($1.bytes.summary($1.name).hazards)
        }
        for hazard: SegmentHazards in [
            .sequence, .databaseCreate, .databaseDrop, .tablespaceCreate, .tablespaceCreateInPlace,
            .tablespaceDrop, .relationMap, .databaseMark, .parameterChange, .restorePoint, .prepare,
            .checkpointShutdown,
        ] {
            #expect(all.contains(hazard), "\(hazard)")
        }
        #expect(wal.lines.contains { $0.manager == "LogicalMessage" && $0.totalLength > 3_000_000 })
    }

    @Test func `the records that cross segments are those that pg_waldump prints there`() throws {
        let wal = try RecordedWAL.shared()
        let summaries = wal.segments.map { $0.bytes.summary($0.name) }
        var crossings = 0
        for (before, after) in zip(summaries, summaries.dropFirst()) {
            let name = try #require(before.segment)
            let leaving = expected(wal, in: name).leaving
            let crossing = join(tail: before, head: after)
            #expect(crossing?.start == leaving?.start)
            #expect(crossing?.totalLength == leaving?.totalLength)
            #expect(crossing?.xid == leaving?.xid)
            #expect(crossing?.resourceManager?.name == leaving?.manager)
            if crossing != nil { crossings += 1 }
        }
        #expect(crossings > 5)
    }

    @Test func `the parameters are those that the server was restarted with`() throws {
        let wal = try RecordedWAL.shared()
        let last = wal.segments.compactMap { $0.bytes.summary($0.name).lastParameters }.last
        #expect(last == (try ControlFile(parsing: wal.controlFile)).parameters)
    }
}

extension RecordedWAL.Line {
    /// What the printed line says the record is.
    fileprivate var hazards: SegmentHazards {
        let operation = description.prefix { $0 != " " && $0 != ";" }
        switch (manager, operation) {
        case ("Sequence", _): return .sequence
        case ("RelMap", _): return .relationMap
        case ("Heap", "INPLACE"): return description.contains("rel 1664/0/1262 ") ? .databaseMark : []
        case ("LogicalMessage", _): return .logicalMessage
        case ("Database", "DROP"): return .databaseDrop
        case ("Database", _): return .databaseCreate
        case ("Tablespace", "DROP"): return .tablespaceDrop
        case ("Tablespace", _):
            return description.hasSuffix("\"\"") ? .tablespaceCreateInPlace : .tablespaceCreate
        case ("Transaction", "PREPARE"): return .prepare
        case ("XLOG", "CHECKPOINT_SHUTDOWN"): return .checkpointShutdown
        case ("XLOG", "PARAMETER_CHANGE"): return .parameterChange
        case ("XLOG", "RESTORE_POINT"): return .restorePoint
        case ("XLOG", "END_OF_RECOVERY"): return .endOfRecovery
        default: return []
        }
    }
}
