import Platform
import PostgresFormat
import TestKit
import Testing

/// The record that makes a tablespace in the source's own directory, blanked for a copy: every release takes
/// it, and makes a directory of the copy.
@Suite(.serialized)
struct TablespaceReplayTests {
    @Test(arguments: WALVersion.allCases)
    func `every release replays a blanked record into the copy and leaves the source alone`(
        _ version: WALVersion
    ) throws {
        let scratch = try ScratchDirectory("blanked")
        let programs = try ReleaseWAL.programs(version, scratch)
        let source = try PostgresFixture(
            settings: ["wal_keep_size": "1GB"], initdb: ["--wal-segsize=1"], programs: programs)
        let place = try scratch.directory("place")
        try scratch.directory("sockets")
        let copy = try Copy(of: source, in: scratch)
        try source.psql("CREATE TABLESPACE far LOCATION '\(place)'")
        try source.psql("CREATE TABLE t TABLESPACE far AS SELECT generate_series(1, 1000) AS i; CHECKPOINT")
        let number = try source.psql("SELECT oid FROM pg_tablespace WHERE spcname = 'far'")
        try source.psql("SELECT pg_switch_wal()")

        let wal = try copy.wal()
        let blanked = try Self.blanked(wal)
        let before = try copy.waldump(wal)
        let after = try copy.waldump(blanked)
        #expect(after.count == before.count)
        let changed = zip(before, after).filter { $0 != $1 }
        #expect(changed.count == 1)
        #expect(changed.first?.0.hasSuffix("desc: CREATE \(number) \"\(place)\"") == true)
        #expect(changed.first?.1.hasSuffix("desc: CREATE \(number) \"\"") == true)

        let files = try Self.files(place)
        #expect(files.isEmpty == false)
        try copy.start(with: blanked)
        defer { copy.stop() }
        #expect(try copy.psql("SELECT count(*) FROM t") == "1000")
        #expect(try copy.psql("SELECT pg_tablespace_location(\(number))") == "pg_tblspc/\(number)")
        #expect(
            DurableFiles.status(copy.dataDirectory + "/pg_tblspc/" + number)?.kind == .directory)
        try copy.psql("TRUNCATE t; INSERT INTO t VALUES (1); CHECKPOINT")
        copy.stop()
        try copy.start(with: [])
        #expect(try copy.psql("SELECT count(*) FROM t") == "1")
        try copy.psql("DROP TABLE t")
        try copy.psql("DROP TABLESPACE far")
        #expect(try Self.files(place) == files)
        try source.stop()
        try source.start()
        #expect(try source.psql("SELECT count(*) FROM t") == "1000")
    }

    // MARK: Tools

    private typealias Segment = (name: SegmentName, bytes: [UInt8])

    /// The WAL with every such record blanked, as a copy gets it.
    private static func blanked(_ wal: [Segment]) throws -> [Segment] {
        let first = try #require(wal.first)
        var patches: [WALPatch] = []
        var decoder = WALDecoder(start: first.name.start, segmentSize: first.name.size)
        for segment in wal {
            let end = segment.bytes.withUnsafeBytes { pages in
                decoder.feed(pages) { record in
                    patches += record.tablespaceBlanking(segmentSize: first.name.size) ?? []
                    return true
                }
            }
            if let end, case .switched = end { continue }
            if end != nil { break }
        }
        #expect(patches.count == 1)
        return wal.map { segment in
            var bytes = segment.bytes
            for patch in patches
            where segment.name.start <= patch.position && patch.position < segment.name.end {
                let offset = Int(patch.position.distance(from: segment.name.start))
                bytes.replaceSubrange(offset..<offset + patch.bytes.count, with: patch.bytes)
            }
            return (segment.name, bytes)
        }
    }

    /// Every file below a directory with its bytes' checksum.
    private static func files(_ path: String) throws -> [String] {
        try DurableFiles.list(path).sorted().flatMap { name -> [String] in
            let inner = path + "/" + name
            if DurableFiles.status(inner)?.kind == .directory { return try files(inner) }
            var checksum = CRC32C()
            try DurableFiles.read(inner).withUnsafeBytes { checksum.update($0) }
            return ["\(inner) \(checksum.value)"]
        }
    }

    /// A base backup of the source, and the server that replays the source's WAL on it.
    private struct Copy {
        let source: PostgresFixture
        let scratch: ScratchDirectory
        let start: LSN
        let port = UInt16.random(in: 30_000...32_000)

        var dataDirectory: String { scratch.file("copy") }
        private var sockets: String { scratch.file("sockets") }

        init(of source: PostgresFixture, in scratch: ScratchDirectory) throws {
            self.source = source
            self.scratch = scratch
            try source.tool(
                "pg_basebackup",
                [
                    "-D", scratch.file("copy"), "-X", "none", "-c", "fast", "--no-sync", "-h",
                    source.socketDirectory, "-p", String(source.port), "-U", PostgresFixture.superuser,
                ])
            let label = try DurableFiles.read(scratch.file("copy") + "/backup_label")
            start = try BackupLabel(parsing: String(decoding: label, as: UTF8.self)).startLSN
        }

        /// The complete segments of the source from the one on in which the backup began.
        func wal() throws -> [Segment] {
            let end = try #require(LSN(try source.psql("SELECT pg_current_wal_lsn()")))
            let directory = source.dataDirectory + "/pg_wal"
            return try DurableFiles.list(directory).sorted().compactMap {
                SegmentName(fileName: $0, size: WALCraft.smallSegment)
            }.filter { $0.end > start && $0.end <= end }.map {
                ($0, try DurableFiles.read(directory + "/" + $0.fileName))
            }
        }

        /// What the release's own `pg_waldump` reads in WAL, a line for each record.
        func waldump(_ wal: [Segment]) throws -> [String] {
            let directory = try scratch.directory("dumped")
            try put(wal, in: directory)
            let result = try RunAs().run(
                Command(
                    source.programs + "/pg_waldump",
                    ["-p", directory, wal.first?.name.fileName ?? "", wal.last?.name.fileName ?? ""],
                    workingDirectory: "/", timeoutSeconds: 60))
            return result.standardOutput.split(separator: "\n").map(String.init)
        }

        private func put(_ wal: [Segment], in directory: String) throws {
            for segment in wal {
                try DurableFiles.write(segment.bytes, to: directory + "/" + segment.name.fileName)
            }
            try RunAs.handOver(directory)
        }

        func start(with wal: [Segment]) throws {
            try put(wal, in: dataDirectory + "/pg_wal")
            try source.tool(
                "pg_ctl",
                [
                    "-D", dataDirectory, "-w", "-t", "60", "-l", scratch.file("copy.log"), "-o",
                    "-c port=\(port) -c unix_socket_directories='\(sockets)' "
                        + "-c allow_in_place_tablespaces=on",
                    "start",
                ])
        }

        func stop() {
            _ = try? source.tool("pg_ctl", ["-D", dataDirectory, "-w", "-m", "fast", "stop"])
        }

        @discardableResult
        func psql(_ sql: String) throws -> String {
            let result = try RunAs().runChecked(
                Command(
                    PostgresFixture.binDirectory + "/psql",
                    [
                        "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", sockets, "-p", String(port), "-U",
                        PostgresFixture.superuser, "-d", "postgres",
                    ], workingDirectory: "/", standardInput: sql, timeoutSeconds: 60))
            return result.standardOutput.split(separator: "\n").joined(separator: "\n")
        }
    }
}
