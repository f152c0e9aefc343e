import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

@Suite(RunningServer(), .serialized) struct ConnectionTests {
    private let server: PostgresFixture
    private let parameters: ConnectionParameters

    init() throws {
        server = try #require(RunningServer.current)
        parameters = ConnectionParameters(
            host: server.socketDirectory, port: server.port, user: PostgresFixture.superuser)
    }

    @Test func `returns columns, values and NULL as text`() throws {
        let rows = try Connection(parameters).query(
            "SELECT $1::int + 1 AS sum, $2::text AS nothing, 'é'::text AS letter UNION ALL SELECT 9, 'x', ''",
            ["41", nil])
        #expect(rows.columns == ["sum", "nothing", "letter"])
        #expect(rows.rows == [["42", nil, "é"], ["9", "x", ""]])
        #expect(rows.scalar == "42")
        #expect(rows[1, "nothing"] == "x")
        #expect(rows[1, "missing"] == nil)
        #expect(rows[5, "sum"] == nil)
    }

    @Test func `runs several statements at once`() throws {
        let connection = try Connection(parameters)
        try connection.execute("CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (1), (2)")
        #expect(try connection.query("SELECT count(*) FROM t").scalar == "2")
    }

    @Test func `copies rows out one by one, and goes on after a copy that was broken off`() throws {
        let connection = try Connection(parameters)
        var rows: [String] = []
        let copy = "COPY (SELECT n, NULL FROM generate_series(1, %) n) TO STDOUT"
        let count = try connection.copyOut(
            copy.replacing("%", with: "3"), cancellation: CancellationFlag()
        ) { rows.append(String(decoding: $0, as: UTF8.self)) }
        #expect(count == 3 && rows == ["1\t\\N\n", "2\t\\N\n", "3\t\\N\n"])
        let flag = CancellationFlag()
        var seen = 0
        #expect(throws: Problem.self) {
            _ = try connection.copyOut(copy.replacing("%", with: "100000000"), cancellation: flag) { _ in
                seen += 1
                if seen == 1000 { flag.cancel() }
            }
        }
        #expect(seen == 1000)
        for wrong in ["SELECT 1", "COPY (SELECT 1 / 0) TO STDOUT", "COPY (SELECT 1) TO STDOUT; SELECT 1"] {
            #expect(throws: Problem.self, "\(wrong)") {
                _ = try connection.copyOut(wrong, cancellation: CancellationFlag()) { _ in }
            }
        }
        #expect(try connection.query("SELECT 1").scalar == "1")
    }

    @Test func `rolls a failed transaction back and keeps its reason`() throws {
        let connection = try Connection(parameters)
        try connection.execute("CREATE TEMP TABLE u (n int PRIMARY KEY)")
        #expect(throws: Problem.self) {
            try connection.transaction { () throws(Problem) in
                try connection.execute("INSERT INTO u VALUES (1)")
                try connection.execute("INSERT INTO u VALUES (1)")
            }
        }
        #expect(connection.lastFailure?.sqlState == "23505")
        #expect(try connection.query("SELECT count(*) FROM u").scalar == "0")
        #expect(connection.lastFailure == nil)
    }

    @Test func `gives PostgreSQL's own words and the SQLSTATE`() throws {
        let connection = try Connection(parameters)
        let failure = #expect(throws: Problem.self) { try connection.query("SELECT nothing_such") }
        #expect(failure?.code == .queryFailed)
        #expect(failure?.detail == "column \"nothing_such\" does not exist")
        #expect(connection.lastFailure?.sqlState == "42703")
        #expect(connection.isOpen)
    }

    @Test func `says why it cannot connect`() {
        var wrong = parameters
        wrong.host = "/nonexistent"
        let failure = #expect(throws: Problem.self) { try Connection(wrong) }
        #expect(failure?.message == "cannot connect to /nonexistent")
        #expect(failure?.detail?.contains("No such file or directory") == true)
    }

    @Test func `a closed connection is an error`() throws {
        let connection = try Connection(parameters)
        connection.close()
        connection.close()
        #expect(throws: Problem.self) { try connection.query("SELECT 1") }
    }

    @Test func `notices a broken connection`() throws {
        let connection = try Connection(parameters)
        #expect(throws: Problem.self) {
            try connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        }
        #expect(connection.lastFailure != nil)
        #expect(!connection.isOpen)
    }

    @Test func `session settings reach the server unharmed`() throws {
        var guarded = parameters
        guarded.sessionSettings = ["application_name": #"two words \ and 'quotes'"#, "DateStyle": "ISO, YMD"]
        let connection = try Connection(guarded)
        #expect(try connection.query("SHOW DateStyle").scalar == "ISO, YMD")
    }

    @Test func `any name and value survive quoting`() throws {
        let connection = try Connection(parameters)
        for value in [
            "", "plain", "it's", #"back\slash"#, #"\'"#, "\"q\"", "line\nend", "ü🙂", "$1", "--", "/*",
        ] {
            #expect(try connection.query("SELECT \(SQLText.literal(value))").scalar == value)
            try connection.execute("SET standard_conforming_strings = off")
            #expect(try connection.query("SELECT \(SQLText.literal(value))").scalar == value)
            try connection.execute("SET standard_conforming_strings = on")
            if !value.isEmpty {
                let rows = try connection.query("SELECT 1 AS \(SQLText.identifier(value))")
                #expect(rows.columns == [value])
            }
        }
    }

    @Test func `refuses text that would be cut at a zero byte`() throws {
        let connection = try Connection(parameters)
        #expect(throws: Problem.self) { try connection.query("SELECT $1::text", ["a\0b"]) }
        #expect(throws: Problem.self) { try connection.execute("SELECT 1\0") }
    }

    @Test func `makes SCRAM verifiers that differ`() throws {
        let connection = try Connection(parameters)
        let first = try connection.scramVerifier(password: "secret", user: "u")
        #expect(first.hasPrefix("SCRAM-SHA-256$4096:"))
        #expect(try connection.scramVerifier(password: "secret", user: "u") != first)
    }

    // MARK: Replication

    @Test func `identifies the system as the control file does`() throws {
        let identity = try ReplicationConnection(parameters).identifySystem()
        let control = try server.tool("pg_controldata", [server.dataDirectory]).standardOutput
        #expect(control.contains(" \(identity.systemIdentifier)\n"))
        #expect(identity.timeline == TimelineID(1))
        #expect(identity.flushLSN > LSN(0x100_0000))
    }

    @Test func `streams exactly the WAL that is on disk, up to the wanted byte`() throws {
        let connection = try Connection(parameters)
        try connection.execute(
            "CREATE TABLE w AS SELECT g, repeat('x', 100) FROM generate_series(1, 50000) g")
        let replication = try ReplicationConnection(parameters)
        let identity = try replication.identifySystem()
        let size = WALSegmentSize.standard.bytes
        let start = LSN(identity.flushLSN.rawValue / size * size)
        let until = LSN(min(identity.flushLSN.rawValue, start.rawValue + 1_234_567))
        try #require(start < until)
        var received: [UInt8] = []
        try replication.streamWAL(from: start, timeline: identity.timeline, until: until) {
            (lsn, bytes) throws(Problem) in
            #expect(lsn == start.advanced(by: UInt64(received.count)))
            received.append(contentsOf: bytes)
        }
        #expect(UInt64(received.count) == until.distance(from: start))
        let name = SegmentName(timeline: identity.timeline, containing: start, size: .standard)
        let sums = try RunAs().runChecked(
            Command(
                "/bin/sh",
                ["-c", "head -c \(received.count) '\(server.dataDirectory)/pg_wal/\(name)' | md5sum"]))
        let scratch = try ScratchDirectory()
        let file = scratch.file("wal")
        try received.withUnsafeBytes { bytes in try writeAll(bytes, to: file) }
        let own = try SystemCommands().runChecked(Command("/bin/sh", ["-c", "md5sum < '\(file)'"]))
        #expect(own.standardOutput == sums.standardOutput)
        // The connection is free for the next question, and nothing is left on the server.
        #expect(try replication.identifySystem().systemIdentifier == identity.systemIdentifier)
        #expect(try connection.query("SELECT count(*) FROM pg_replication_slots").scalar == "0")
    }

    @Test func `ends the stream in order when the reader gives up`() throws {
        let replication = try ReplicationConnection(parameters)
        let identity = try replication.identifySystem()
        let size = WALSegmentSize.standard.bytes
        let start = LSN(identity.flushLSN.rawValue / size * size)
        let failure = #expect(throws: Problem.self) {
            try replication.streamWAL(from: start, timeline: identity.timeline, until: identity.flushLSN) {
                (_, _) throws(Problem) in
                throw Problem(.canceled, "enough")
            }
        }
        #expect(failure?.code == .canceled)
        #expect(try replication.identifySystem().timeline == identity.timeline)
    }

    @Test func `says which WAL is gone`() throws {
        let replication = try ReplicationConnection(parameters)
        let failure = #expect(throws: Problem.self) {
            try replication.streamWAL(from: LSN(0), timeline: TimelineID(1), until: LSN(8192)) {
                (_, _) throws(Problem) in
            }
        }
        #expect(failure?.code == .queryFailed)
        #expect(replication.lastFailure?.sqlState == "58P01")
    }
}
