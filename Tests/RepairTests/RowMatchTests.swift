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

    @Test func `rows without a key are counted in memory for their texts`() throws {
        let scratch = try ScratchDirectory("counts")
        var random = SeededRandom()
        for round in 0..<200 {
            let sides = [Self.rows(&random, hasKey: false), Self.rows(&random, hasKey: false)]
            var spools: [DigestSpool] = []
            for (side, rows) in sides.enumerated() {
                var spool = try DigestSpool(parts: 2, path: scratch.path + "/\(round)-\(side)")
                // More than are written at once.
                for row in rows { for _ in 0..<70 { try spool.add(row) } }
                spools.append(spool)
            }
            var found: [RowMatch] = []
            for part in 0..<2 { try RowCounts.compare(spools[0], spools[1], part: part) { found += $0 } }
            let told = Dictionary(grouping: found.map(\.told), by: \.self).mapValues(\.count)
            let wanted = Dictionary(
                grouping: RowMatch.all(here: sides[0], there: sides[1]).map(\.told), by: \.self
            ).mapValues { $0.count * 70 }
            #expect(told == wanted)
        }
    }

    // MARK: Definitions

    private static func pieces(_ text: String) throws -> SchemaPieces {
        let scratch = try ScratchDirectory("schema")
        try DurableFiles.write(Array(text.utf8), to: scratch.path + "/dump", durable: false)
        return try SchemaPieces(OpenFile(reading: scratch.path + "/dump"))
    }

    /// An object as a dump has it.
    private static func part(_ type: String, _ name: String, _ text: String) -> String {
        "\n--\n-- Name: \(name); Type: \(type); Schema: public; Owner: bob\n--\n\n\(text)\n\n"
    }

    @Test func `definitions differ by what they say and not by their order`() throws {
        func dump(_ parts: String...) throws -> SchemaPieces {
            try Self.pieces(
                "\\restrict x\(parts.count)\n-- Dumped from database version \(parts.count)\n"
                    + parts.joined())
        }
        let part = Self.part
        let (one, two) = (part("TABLE", "a", "CREATE TABLE a;"), part("VIEW", "b", "CREATE VIEW b;"))
        #expect(try dump(one, two).differences(from: dump(two, one)) == [])
        let found = try dump(one, two).differences(from: dump(part("TABLE", "a", "CREATE TABLE a (x);")))
        #expect(found.map(\.name) == ["a", "b"])
        #expect(found.first?.here == "CREATE TABLE a;" && found.first?.there == "CREATE TABLE a (x);")
        #expect(found.last?.kind == "VIEW" && found.last?.there == nil)
        // A body of a function that looks like a heading hides nothing.
        let body = "AS $$\n-- Name: a; Type: TABLE; Schema: public; Owner: bob\n"
        #expect(
            try !dump(one, part("FUNCTION", "f", body + "1$$")).differences(
                from: dump(one, part("FUNCTION", "f", body + "2$$"))
            ).isEmpty)
        // Nor does one that looks like what says nothing of the schema.
        let likeChance = part("FUNCTION", "f", "AS $$\n\\unrestrict x\n-- Dumped from version 1\n$$")
        #expect(try !dump(likeChance).differences(from: dump(part("FUNCTION", "f", "AS $$\n$$"))).isEmpty)
    }

    @Test func `settings of the session that restores a dump are no definitions`() throws {
        func dump(_ word: String, _ setting: String) throws -> SchemaPieces {
            try Self.pieces(
                "\\restrict \(word)\nSET \(setting);\n"
                    + "--\n-- Name: d; Type: DATABASE; Schema: -; Owner: bob\n--\n\n"
                    + "CREATE DATABASE d;\n\n\\unrestrict \(word)\n\\connect d\n\\restrict \(word)\n\n"
                    + "SET \(setting);\nSET row_security = off;\n\nSET default_tablespace = '';\n\n"
                    + "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict \(word)\n\n")
        }
        let settings = "transaction_timeout = 0"
        #expect(try dump("a", settings).differences(from: dump("b", "lock_timeout = 0")) == [])
        let found = try dump("a", settings).differences(from: Self.pieces(""))
        #expect(found.map(\.here) == ["CREATE DATABASE d;"], "\(found)")
    }

    @Test func `a line that only begins like a setting belongs to its object`() throws {
        func dump(_ line: String) throws -> SchemaPieces {
            try Self.pieces(Self.part("FUNCTION", "f", "AS $$\n\(line)"))
        }
        for value in ["a + ", "'fast", "\"a\"b", "A"] {
            let line = "SET default_tablespace = " + value
            #expect(try !dump(line + "1;").differences(from: dump(line + "2;")).isEmpty, "\(value)")
        }
        for value in ["''", "fast", "\"a\"\"b\""] {
            let line = "SET default_tablespace = \(value);"
            #expect(try dump(line).differences(from: dump("")) == [], "\(value)")
        }
    }

    @Test func `a tablespace belongs to the objects behind it, until another one is set`() throws {
        let (plain, fast) = ("SET default_tablespace = '';\n", "SET default_tablespace = fast;\n")
        let (type, table) = (
            Self.part("TYPE", "a", "CREATE TYPE a;"), Self.part("TABLE", "t", "CREATE TABLE t;")
        )
        let (other, view) = (
            Self.part("TABLE", "u", "CREATE TABLE u;"), Self.part("VIEW", "v", "CREATE VIEW v;")
        )
        let dump = try Self.pieces(type + plain + table + fast + other + view)
        #expect(try dump.differences(from: Self.pieces(type + view + fast + other + plain + table)) == [])
        let found = try dump.differences(from: Self.pieces(type + plain + table + other + view))
        #expect(found.map(\.here) == ["SET default_tablespace = fast;\nCREATE TABLE u;"], "\(found)")
    }

    @Test(arguments: [
        ("TABLE", "a b", "SET default_tablespace = x;\nCREATE TABLE s.\"a b\" (", "DROP TABLE s.\"a b\";"),
        ("TABLE", "t", "CREATE UNLOGGED TABLE s.t (", "DROP TABLE s.t;"),
        (
            "INDEX", "i", "CREATE UNIQUE INDEX i ON ONLY \"S\"\"\".t USING btree (x);",
            "DROP INDEX \"S\"\"\".i;"
        ),
        (
            "FK CONSTRAINT", "t c", "ALTER TABLE ONLY s.t\n    ADD CONSTRAINT c FOREIGN KEY (x)",
            "ALTER TABLE s.t DROP CONSTRAINT c;"
        ),
        ("POLICY", "t p", "CREATE POLICY p ON s.t USING (true);", "DROP POLICY p ON s.t;"),
        (
            "FUNCTION", "F(int, s.\"T\")", "CREATE FUNCTION s.\"F\"(a int, ",
            "DROP FUNCTION s.\"F\"(int, s.\"T\");"
        ),
        ("EXTENSION", "e", "CREATE EXTENSION IF NOT EXISTS e WITH SCHEMA s;", "DROP EXTENSION e;"),
        ("DEFAULT", "t x", "ALTER TABLE ONLY s.t ALTER COLUMN x SET DEFAULT 1;", nil),
        ("TABLE", "t", "CREATE TABLE \"not closed", nil), ("FUNCTION", "g(int)", "CREATE FUNCTION s.f(", nil),
    ]) func `only a whole object that is only here can be removed`(
        _ kind: String, _ name: String, _ text: String, _ removal: String?
    ) {
        var object = SchemaDifference(kind: kind, schema: "s", name: name, here: text, there: nil)
        #expect(object.removal == removal)
        (object.here, object.there) = (nil, text)
        #expect(object.removal == nil)
        object.here = "other"
        #expect(object.removal == nil)
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

extension RowMatch {
    /// The side, and the row's text.
    fileprivate var told: [UInt64] {
        [here == nil ? 0 : 1] + [here, there].flatMap { $0.map { [$0.rowHigh, $0.rowLow] } ?? [] }
    }
}
