import Platform
import PostgresFormat
import TestKit
import Testing
import TestValues

@testable import Repair

/// Rows of two sides by their digests: what differs, and nothing else.
struct RowMatchTests {
    /// Multisets of few keys and values, so that all cases meet.
    private static func rows(_ random: inout SeededRandom, hasKey: Bool) -> [RowDigest] {
        (0..<Int.random(in: 0..<12, using: &random)).map { _ in
            let key = UInt64.random(in: 0..<4, using: &random)
            let value = UInt64.random(in: 0..<3, using: &random)
            return hasKey
                ? RowDigest(key: (key, 1), row: (key, value))
                : RowDigest(key: (key, value), row: (key, value))
        }
    }

    @Test func `what differs is what one side has more often, in pairs by key`() {
        var random = SeededRandom()
        for round in 0..<2000 {
            let hasKey = round % 2 == 0
            let here = Self.rows(&random, hasKey: hasKey)
            let there = Self.rows(&random, hasKey: hasKey)
            let found = RowMatch.all(here: here, there: there)
            // Put together again, what is only on a side and what was paired is each side without the other.
            var left = here.map(\.plain)
            var right: [[UInt64]] = []
            for row in there.map(\.plain) {
                if let place = left.firstIndex(of: row) { left.remove(at: place) } else { right.append(row) }
            }
            #expect(
                found.compactMap(\.here).map(\.plain).sorted(by: Self.precedes)
                    == left.sorted(by: Self.precedes))
            #expect(
                found.compactMap(\.there).map(\.plain).sorted(by: Self.precedes)
                    == right.sorted(by: Self.precedes))
            var single: [[UInt64]: [Bool]] = [:]
            for match in found {
                switch match {
                case .different(let mine, let its): #expect(hasKey && mine.hasKey(of: its))
                case .onlyHere(let row): single[row.keyWords, default: []].append(true)
                case .onlyThere(let row): single[row.keyWords, default: []].append(false)
                }
            }
            #expect(single.values.allSatisfy { Set($0).count == 1 }, "a key on both sides is paired")
        }
    }

    private static func precedes(_ left: [UInt64], _ right: [UInt64]) -> Bool {
        left.lexicographicallyPrecedes(right)
    }

    @Test func `sums tell buckets apart whatever is in them twice`() {
        var (mine, its) = (BucketSums(count: 4), BucketSums(count: 4))
        for _ in 0..<2 { mine.add(bucket: 1, rows: 1, high: 7, low: .max) }
        #expect(mine.differing(from: its) == [1])
        its.add(bucket: 1, rows: 2, high: 14, low: .max - 1)
        its.add(bucket: 3, rows: 1, high: 0, low: 0)
        #expect(mine.differing(from: its) == [3])
        #expect(its.rows == 3 && its.rows(in: [3]) == 1)
        #expect(BucketSums.count(forPages: 0) == 64 && BucketSums.count(forPages: .max) == 1 << 15)
    }

    @Test func `parts of many rows come back from the file, each key in one part`() throws {
        let scratch = try ScratchDirectory("spool")
        var random = SeededRandom()
        var spool = try DigestSpool(parts: 4, path: scratch.path + "/spool")
        var rows: Set<RowDigest> = []
        for number in 0..<5000 {
            let digest = RowDigest(
                key: (random.next(), random.next()), row: (random.next(), random.next()),
                address: RowAddress(block: UInt32(number), offset: 3), length: 9)
            rows.insert(digest)
            try spool.add(digest)
        }
        let parts = try (0..<4).map { try spool.part($0) }
        #expect(Set(parts.joined()) == rows && parts.joined().count == rows.count)
        for (number, part) in parts.enumerated() {
            #expect(part.allSatisfy { $0.keyHigh & 3 == UInt64(number) })
        }
    }

    @Test func `a line of digests is read whole or not at all`() {
        func read(_ text: String) -> RowDigest? {
            Array(text.utf8).withUnsafeBytes { DigestLine.read($0) }
        }
        let digest = read("-1\t2\t-9223372036854775808\t4\t50\t(12,7)\n")
        #expect(digest?.keyHigh == .max && digest?.rowHigh == 1 << 63 && digest?.rowLow == 4)
        #expect(digest?.length == 50 && digest?.address == RowAddress(block: 12, offset: 7))
        for text in ["", "1\t2\t3\t4\t5", "1\t2\tx\t4\t5\t(1,2)", "1\t2\t3\t4\t5\t(1"] {
            #expect(read(text) == nil, "\(text)")
        }
    }

    @Test func `definitions differ by what they say and not by their order`() {
        func dump(_ parts: String...) -> SchemaPieces {
            SchemaPieces(
                "\\restrict x\(parts.count)\n-- Dumped from database version \(parts.count)\n"
                    + parts.joined())
        }
        func part(_ type: String, _ name: String, _ text: String) -> String {
            "\n--\n-- Name: \(name); Type: \(type); Schema: public; Owner: bob\n--\n\n\(text)\n\n"
        }
        let (one, two) = (part("TABLE", "a", "CREATE TABLE a;"), part("VIEW", "b", "CREATE VIEW b;"))
        #expect(dump(one, two).differences(from: dump(two, one)) == [])
        let found = dump(one, two).differences(from: dump(part("TABLE", "a", "CREATE TABLE a (x);")))
        #expect(found.map(\.name) == ["a", "b"])
        #expect(found.first?.here == "CREATE TABLE a;" && found.first?.there == "CREATE TABLE a (x);")
        #expect(found.last?.kind == "VIEW" && found.last?.there == nil)
        // A body of a function that looks like a heading hides nothing.
        let body = "AS $$\n-- Name: a; Type: TABLE; Schema: public; Owner: bob\n"
        #expect(
            !dump(one, part("FUNCTION", "f", body + "1$$")).differences(
                from: dump(one, part("FUNCTION", "f", body + "2$$"))
            ).isEmpty)
        // Nor does one that looks like what says nothing of the schema.
        let likeChance = part("FUNCTION", "f", "AS $$\n\\unrestrict x\n-- Dumped from version 1\n$$")
        #expect(!dump(likeChance).differences(from: dump(part("FUNCTION", "f", "AS $$\n$$"))).isEmpty)
    }

    @Test func `settings of the session that restores a dump are no definitions`() {
        func dump(_ word: String, _ setting: String) -> SchemaPieces {
            SchemaPieces(
                "\\restrict \(word)\nSET \(setting);\n"
                    + "--\n-- Name: d; Type: DATABASE; Schema: -; Owner: bob\n--\n\n"
                    + "CREATE DATABASE d;\n\n\\unrestrict \(word)\n\\connect d\n\\restrict \(word)\n\n"
                    + "SET \(setting);\nSET row_security = off;\n\nSET default_tablespace = fast;\n\n"
                    + "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict \(word)\n\n")
        }
        let settings = "transaction_timeout = 0"
        #expect(dump("a", settings).differences(from: dump("b", "lock_timeout = 0")) == [])
        let found = dump("a", settings).differences(from: SchemaPieces(""))
        #expect(found.first?.here?.hasSuffix("SET default_tablespace = fast;") == true, "\(found)")
    }

    @Test func `an array of names is read as PostgreSQL prints it`() {
        #expect(ArrayText.elements("{}") == [])
        #expect(ArrayText.elements("{id,\"a \\\"b\\\\\",\"x,y\",\"\"}") == ["id", "a \"b\\", "x,y", ""])
    }
}

extension RowDigest {
    fileprivate var plain: [UInt64] { [keyHigh, keyLow, rowHigh, rowLow] }
    fileprivate var keyWords: [UInt64] { [keyHigh, keyLow] }
}
