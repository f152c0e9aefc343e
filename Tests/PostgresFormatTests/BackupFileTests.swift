import PostgresFormat
import TestKit
import Testing

@Suite struct BackupManifestTests {
    /// No real SHA-256: a checksum of that size that depends on every byte.
    private func stand(_ bytes: [UInt8]) -> [UInt8] {
        let crc = CRC32C.checksum(bytes)
        return (0..<32).map { UInt8(truncatingIfNeeded: crc >> ($0 % 4 * 8)) }
    }

    private var manifest: BackupManifest {
        let time = PostgresTimestamp(microseconds: 800_000_000_000_000)
        return BackupManifest(
            files: [
                .init(path: "PG_VERSION", size: 3, lastModified: time, checksum: .init(crc32c: 0x6426_35C4)),
                .init(path: "base/1/\"odd\\name\"", size: 0, lastModified: time, checksum: nil),
            ],
            walRanges: [.init(timeline: TimelineID(1), start: LSN(0x200_0028), end: LSN(0x200_0100))])
    }

    @Test(arguments: [nil, 7_713_746_174_452_312_839] as [UInt64?])
    func `reads back what it printed`(system: UInt64?) throws {
        var manifest = manifest
        manifest.systemIdentifier = system
        let text = manifest.printed(sha256: stand)
        #expect(try BackupManifest(parsing: text, sha256: stand) == manifest)
    }

    @Test func `a changed byte is noticed`() {
        let text = manifest.printed(sha256: stand)
        for place in text.indices {
            var damaged = text
            damaged[place] ^= 0x01
            #expect(throws: BackupManifestError.self, "byte \(place)") {
                try BackupManifest(parsing: damaged, sha256: stand)
            }
        }
    }

    @Test func `a manifest cut short is noticed`() {
        let text = manifest.printed(sha256: stand)
        for length in [0, 1, 40, text.count / 2, text.count - 1] {
            #expect(throws: BackupManifestError.noChecksum) {
                try BackupManifest(parsing: Array(text.prefix(length)), sha256: stand)
            }
        }
    }

    @Test(arguments: ["/etc/passwd", "../x", "base/../../x", "", "a//b", "a/./b", "a/"])
    func `refuses a path that leaves the data directory`(path: String) {
        var bad = manifest
        bad.files[0].path = path
        #expect(throws: BackupManifestError.unsafePath(path)) {
            try BackupManifest(parsing: bad.printed(sha256: stand), sha256: stand)
        }
    }

    @Test func `refuses a path that occurs twice`() {
        var bad = manifest
        bad.files[1].path = "PG_VERSION"
        #expect(throws: BackupManifestError.unsafePath("PG_VERSION")) {
            try BackupManifest(parsing: bad.printed(sha256: stand), sha256: stand)
        }
    }

    @Test(.enabled(if: RecordedWAL.isAvailable))
    func `reads PostgreSQL's own manifest and prints it byte for byte`() throws {
        let bytes = try RecordedWAL.shared().manifest
        let parsed = try BackupManifest(parsing: bytes, sha256: RecordedWAL.sha256)
        #expect(parsed.files.count > 900)
        #expect(parsed.files.allSatisfy { $0.checksum?.algorithm == .crc32c })
        #expect(parsed.files.contains { $0.path == "global/pg_control" && $0.size == 8192 })
        #expect(parsed.printed(sha256: RecordedWAL.sha256) == bytes)
    }
}

@Suite struct BackupLabelTests {
    private let text = """
        START WAL LOCATION: 0/2000028 (file 000000010000000000000002)
        CHECKPOINT LOCATION: 0/2000060
        BACKUP METHOD: streamed
        BACKUP FROM: primary
        START TIME: 2026-03-31 22:02:13 UTC
        LABEL: a label: with a colon
        START TIMELINE: 1

        """

    @Test func `reads a label`() throws {
        let label = try BackupLabel(parsing: text)
        #expect(label.startLSN == LSN(0x200_0028))
        #expect(label.startSegment == "000000010000000000000002")
        #expect(label.checkpointLSN == LSN(0x200_0060))
        #expect(label.label == "a label: with a colon")
        #expect(label.startTimeline == TimelineID(1))
        #expect(label.startTime == "2026-03-31 22:02:13 UTC")
        #expect(!label.fromStandby)
        #expect(label.stop == nil)
    }

    @Test(arguments: [
        "START WAL LOCATION", "CHECKPOINT LOCATION", "BACKUP FROM", "START TIME", "START TIMELINE",
    ])
    func `names the line that is missing`(line: String) {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix(line + ":") }
        #expect(throws: BackupLabel.Malformed(line: line)) {
            try BackupLabel(parsing: lines.joined(separator: "\n"))
        }
    }

    @Test(.enabled(if: RecordedWAL.isAvailable))
    func `reads PostgreSQL's own label and history file`() throws {
        let wal = try RecordedWAL.shared()
        let label = try BackupLabel(parsing: wal.backupLabel)
        let history = try BackupLabel(parsing: wal.backupHistory)
        #expect(label.label == "an oracle")
        #expect(history.startLSN == label.startLSN)
        #expect(history.checkpointLSN == label.checkpointLSN)
        let stop = try #require(history.stop)
        #expect(stop.lsn > label.checkpointLSN)
        #expect(stop.timeline == TimelineID(1))
    }
}
