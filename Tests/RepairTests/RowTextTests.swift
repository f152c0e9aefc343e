import Platform
import PostgresClient
import PostgresFormat
import TestKit
import TestValues
import Testing

@testable import Repair

/// Rows' texts as they come along with digests, against the same values read one by one.
struct RowTextTests {
    private static let alphabet = [
        "a", " ", "\"", "\\", ",", "(", ")", "{", "\n", "\r", "\t", "\u{8}", "\u{B}", "\u{C}", "\u{1}", "N",
        "\\N", "ä", "\u{301}", "𝄞", "'", "\\\\", "\"\"",
    ]

    private static func value(_ random: inout SeededRandom) -> String? {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: nil
        case 1: ""
        case 2: String(repeating: "x\\", count: Int.random(in: 1..<300, using: &random))
        default:
            (0..<Int.random(in: 1..<12, using: &random))
                .map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }.joined()
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a row's text has the cells that PostgreSQL has, whatever is in them`() throws {
        let server = try PostgresFixture()
        let connection = try Connection(
            ConnectionParameters(
                host: server.socketDirectory, port: server.port, user: PostgresFixture.superuser))
        defer { connection.close() }
        var random = SeededRandom()
        let folder = try ScratchDirectory("texts")
        var texts = try RowTexts(path: folder.file("texts"), room: DiskRoom(path: folder.path, reserve: 0))
        var expected: [Cells] = []
        var digests: [RowDigest] = []
        for _ in 0..<400 {
            let row = (0..<3).map { _ in Self.value(&random) }
            let literals = row.map { $0.map(SQLText.literal) ?? "NULL" }.joined(separator: ", ")
            let image = "ROW(\(literals), ARRAY[\(literals)]::text[])::text COLLATE \"C\""
            _ = try connection.copyOut(
                "COPY (SELECT 1, 2, 3, 4, octet_length(t), '(7,8)'::tid, t FROM (SELECT \(image) AS t) s)"
                    + " TO STDOUT",
                cancellation: CancellationFlag()
            ) { (line) throws(Problem) in
                var digest = try DigestLine.checked(line)
                guard digest.length <= UInt32(RowTexts.longest), let text = DigestLine.text(line) else {
                    return
                }
                digest.text = texts.add(text)
                digests.append(digest)
            }
            guard digests.count > expected.count else { continue }
            let array = try connection.query("SELECT (ARRAY[\(literals)]::text[])::text").scalar
            expected.append((row + [array]).map { $0.map { Cell($0) } })
        }
        texts.flush()
        #expect(digests.allSatisfy { $0.text != 0 && $0.address == RowAddress(block: 7, offset: 8) })
        #expect(expected.count > 300)
        for (digest, cells) in zip(digests, expected) {
            let read = try texts.cells(of: digest, count: 4)
            #expect(read == cells, "seed \(random.seed)")
        }
        #expect(throws: Problem.self) { try texts.cells(of: digests[0], count: 3) }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a row of another encoding may be sent in three times as many bytes`() throws {
        let server = try PostgresFixture()
        var parameters = ConnectionParameters(
            host: server.socketDirectory, port: server.port, user: PostgresFixture.superuser)
        try server.psql("CREATE DATABASE w ENCODING 'WIN1252' TEMPLATE template0 LOCALE 'C'")
        parameters.database = "w"
        let connection = try Connection(parameters)
        defer { connection.close() }
        try connection.execute("SET client_encoding = 'UTF8'")
        let folder = try ScratchDirectory("texts")
        var texts = try RowTexts(path: folder.file("texts"), room: DiskRoom(path: folder.path, reserve: 0))
        var digests: [RowDigest] = []
        for count in [600, 900] {
            _ = try connection.copyOut(
                "COPY (SELECT 1, 2, 3, 4, octet_length(t), '(7,8)'::tid, t FROM "
                    + "(SELECT ROW(repeat(U&'\\20AC', \(count)), 1)::text AS t) s) TO STDOUT",
                cancellation: CancellationFlag()
            ) { (line) throws(Problem) in
                var digest = try DigestLine.checked(line)
                if let text = DigestLine.text(line) { digest.text = texts.add(text) }
                digests.append(digest)
            }
        }
        texts.flush()
        #expect(digests.map(\.length) == [604, 904])
        #expect(try texts.cells(of: digests[0], count: 2) == [Cell(String(repeating: "€", count: 600)), "1"])
        #expect(try texts.cells(of: digests[1], count: 2) == nil)
    }

    @Test func `what is no row's text is none`() {
        for text in ["", "(", "(a", "(\"a", "(\"a\"b)", "(\"a\\\\b\")", "(a)b", "a,b", "(a,b"] {
            #expect(Self.cells(text, 2) == nil, "\(text)")
        }
        #expect(Self.cells("(,\"\")", 2) == [nil, ""])
        #expect(Self.cells("(a,b)", 2) == ["a", "b"])
        #expect(Self.cells("()", 1) == [nil])
        #expect(Self.cells("()", 0) == [])
        #expect(Self.cells("(a)", 0) == nil)
    }

    private static func cells(_ text: String, _ count: Int) -> Cells? {
        Array(text.utf8).withUnsafeBytes { RowValue.cells($0[...], count: count) }
    }

    @Test func `a line has a text, none, or NULL`() {
        func text(_ line: String) -> String? {
            Array(line.utf8).withUnsafeBytes { line in
                DigestLine.text(line).map { String(decoding: $0, as: UTF8.self) }
            }
        }
        #expect(text("1\t2\t3\t4\t5\t(6,7)\t(a,b)\n") == "(a,b)")
        #expect(text("1\t2\t3\t4\t5\t(6,7)\t\\N\n") == nil)
        #expect(text("1\t2\t3\t4\t5\t(6,7)\n") == nil)
        #expect(text("1\t2\t3\t4\t5\t(6,7)\t\n") == nil)
    }

    @Test func `texts beyond the room are not kept, and nothing else is lost`() throws {
        let folder = try ScratchDirectory("texts")
        var texts = RowTexts(
            file: try OpenFile(creating: folder.file("texts")), limit: 4096,
            room: DiskRoom(path: folder.path, reserve: 0))
        let places = (0..<1000).map { _ in Self.add("(abcdefgh)", to: &texts) }
        texts.flush()
        #expect(places.first != 0)
        #expect(places.last == 0)
        var digest = RowDigest(key: (0, 0), row: (0, 0), length: 10)
        digest.text = places[0]
        #expect(try texts.cells(of: digest, count: 1) == ["abcdefgh"])
        digest.text = 0
        #expect(try texts.cells(of: digest, count: 1) == nil)
    }

    private static func add(_ text: String, to texts: inout RowTexts) -> UInt32 {
        Array(text.utf8).withUnsafeBytes { texts.add($0) }
    }

    private static func digest(_ place: UInt32) -> RowDigest {
        var digest = RowDigest(key: (0, 0), row: (0, 0), length: 1000)
        digest.text = place
        return digest
    }

    @Test func `a disk that takes nothing keeps no texts, and no place given before is read`() throws {
        // Each write on it fails as on a full disk, and it reads as zeros.
        let full = try OpenFile(updating: "/dev/full")
        var texts = RowTexts(file: full, limit: 1 << 20, room: DiskRoom(path: "/", reserve: 0))
        let text = "(" + String(repeating: "x", count: 998) + ")"
        let places = (0..<200).map { _ in Self.add(text, to: &texts) }
        texts.flush()
        #expect(places.first != 0)
        #expect(places.last == 0)
        for place in places {
            let cells = try texts.cells(of: Self.digest(place), count: 1)
            #expect(cells == nil)
        }
    }

    @Test func `texts written before the room ran out are read, and none behind them`() throws {
        let folder = try ScratchDirectory("texts")
        let file = try OpenFile(creating: folder.file("texts"))
        // There is none left at the first look.
        let room = DiskRoom(path: folder.path, reserve: .max)
        var texts = RowTexts(file: file, limit: 1 << 20, room: room, bytesOfLook: 100_000)
        let text = "(" + String(repeating: "x", count: 998) + ")"
        let places = (0..<400).map { _ in Self.add(text, to: &texts) }
        texts.flush()
        let size = try file.size()
        #expect(size > 100_000)
        #expect(size < 200_000)
        for place in places {
            let cells = try texts.cells(of: Self.digest(place), count: 1)
            let isWritten = place != 0 && UInt64(place) * 8 < size
            #expect((cells != nil) == isWritten)
        }
        let isGiven = places.contains { UInt64($0) * 8 >= size }
        #expect(isGiven)
    }
}
