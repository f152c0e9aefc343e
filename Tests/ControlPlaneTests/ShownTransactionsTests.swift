import Planning
import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane
@testable import Platform

/// What a preview keeps of the transactions that it found.
@Suite struct ShownTransactionsTests {
    private static func commits(_ count: Int) -> [BoundaryRecord] {
        (0..<count).map { place in
            let start = UInt64(0x300_0000 + place * 64)
            return BoundaryRecord(
                kind: .commit, lsn: LSN(start), endLSN: LSN(start + 48), xid: UInt32(700 + place),
                time: PostgresTimestamp(microseconds: Int64(place)))
        }
    }

    @Test func `few transactions are kept one by one, very many by their count and a hash`() throws {
        let most = CommittedTransactions.mostListed
        let few = Self.commits(most)
        #expect(try CommittedTransactions(of: few).kept() == .each(few.map(\.committed)))
        #expect(try CommittedTransactions(of: []).kept() == .each([]))
        let many = Self.commits(most + 1)
        let shown = CommittedTransactions(of: many)
        let text = try CatalogJSON.text([shown])
        #expect(text.utf8.count < 200)
        let read = try CatalogJSON.value([CommittedTransactions].self, text)
        guard case .many(let kept) = try read[0].kept() else { throw Problem(.system, "not so") }
        #expect(kept == CommittedTransactions.Many(of: many))
        #expect(kept.count == most + 1 && kept.hash.utf8.count == 64)
        #expect(kept.first == many.first?.lsn && kept.last == many.last?.lsn)
    }

    @Test func `one of very many that has another number, place or time makes them others`() throws {
        let commits = Self.commits(3)
        let known = try #require(CommittedTransactions.Many(of: commits))
        var others = [commits, commits, commits]
        others[0][1].xid += 1
        others[1][1].lsn = LSN(commits[1].lsn.rawValue + 8)
        others[2][1].time = PostgresTimestamp(microseconds: 99)
        for other in others {
            let many = try #require(CommittedTransactions.Many(of: other))
            #expect(many != known)
            #expect(many.count == known.count && many.first == known.first && many.last == known.last)
        }
        #expect(CommittedTransactions.Many(of: Array(commits.dropLast())) != known)
        #expect(CommittedTransactions.Many(of: []) == nil)
    }

    @Test func `the same number at the same place is another transaction where its time is another`() throws {
        let commits = Self.commits(1)
        var later = commits
        later[0].time = PostgresTimestamp(microseconds: 99)
        #expect(try CommittedTransactions(of: commits).kept() != CommittedTransactions(of: later).kept())
    }

    @Test func `what was kept without times, or cannot be read, is refused`() throws {
        let texts = ["745@0/3000148", "745", "many:0/5:0/4:2:00", "many:0/4:0/5:2", "many:"]
        for shown in try CatalogJSON.value([CommittedTransactions].self, CatalogJSON.text(texts)) {
            #expect(throws: Problem.self) { try shown.kept() }
        }
    }
}
