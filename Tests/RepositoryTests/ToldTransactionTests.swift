import Planning
import Platform
import PostgresFormat
import Repository
import TestKit
import Testing
import TestValues

/// What indexes tell of a transaction is what stands in the WAL.
@Suite(.enabled(if: RecordedWAL.isAvailable), .serialized)
struct ToldTransactionTests {
    /// Savepoints kept and given up, transactions prepared, and ends that cross from one segment to the next.
    private static let script = """
        CREATE TABLE t (x int, y text);
        CREATE PROCEDURE work(times int) LANGUAGE plpgsql AS $$
        BEGIN
            FOR i IN 1..times LOOP
                INSERT INTO t VALUES (i, repeat('x', 700));
                FOR j IN 1..i % 70 LOOP
                    BEGIN
                        INSERT INTO t VALUES (j, 'part');
                        IF j % 3 = 0 THEN RAISE EXCEPTION 'given up'; END IF;
                    EXCEPTION WHEN raise_exception THEN NULL;
                    END;
                END LOOP;
                IF i % 5 = 0 THEN ROLLBACK; ELSE COMMIT; END IF;
            END LOOP;
        END $$;
        CALL work(600);
        BEGIN; INSERT INTO t VALUES (1); SAVEPOINT a; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'one';
        CHECKPOINT;
        CALL work(100);
        COMMIT PREPARED 'one';
        """

    @Test func `indexes tell every end of every transaction, and of its parts`() throws {
        let load = try ArchivedWorkload(Self.script)
        var read: [RecordFacts] = []
        var decoder = WALDecoder(
            start: try #require(load.segments.first).name.start, segmentSize: ArchivedWorkload.segmentSize)
        for (_, bytes) in load.segments {
            _ = bytes.withUnsafeBytes { pages in
                decoder.feed(pages) { record in
                    let told = RecordFacts(record)
                    if told.transaction != nil || told.nextTransaction != nil { read.append(told) }
                    return true
                }
            }
        }
        let numbers = Set(read.flatMap { [$0.transaction?.xid].compactMap { $0 } + $0.subtransactions })
        #expect(numbers.count > 5000 && read.contains { $0.subtransactions.count > 40 })
        let segments = try load.archive.segments()
        // Some thousand numbers, each in every segment, would take long.
        var random = SeededRandom()
        let parts = read.flatMap(\.subtransactions)
        let some = numbers.shuffled(using: &random).prefix(60) + parts.shuffled(using: &random).prefix(60)
        for number in some {
            var told: [RecordFacts] = []
            for (place, segment) in segments.enumerated() {
                let before = place > 0 ? segments[place - 1] : nil
                let answer = try #require(
                    try load.archive.told(of: number, in: segment, after: before))
                #expect(place == 0 || answer.isJoined)
                told += answer.records
            }
            let expected = read.filter {
                $0.transaction?.xid == number || $0.subtransactions.contains(number)
                    || $0.nextTransaction != nil
            }
            #expect(told.map(Fact.init) == expected.map(Fact.init), "\(number), seed \(random.seed)")
        }
    }

    @Test func `an index that is not to be believed tells nothing`() throws {
        let load = try ArchivedWorkload("CREATE TABLE t AS SELECT generate_series(1, 90000) AS x")
        let segment = try #require(try load.archive.segments().dropFirst().first)
        let number = TransactionID(740)
        #expect(try load.archive.told(of: number, in: segment, after: nil) != nil)
        try DurableFiles.removeFile(load.layout.indexPath(of: segment.name))
        #expect(try load.archive.told(of: number, in: segment, after: nil) == nil)
    }

    private struct Fact: Hashable {
        let start: LSN
        let end: LSN
        let transaction: TransactionEnd?
        let subtransactions: [TransactionID]
        let next: UInt64?

        init(_ record: RecordFacts) {
            start = record.start
            end = record.end
            transaction = record.transaction
            subtransactions = record.subtransactions
            next = record.nextTransaction
        }
    }
}
