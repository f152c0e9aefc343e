import PostgresFormat
import TestKit
import Testing

@Suite(.enabled(if: RecordedWAL.isAvailable)) struct ControlFileTests {
    @Test func `says what pg_controldata says`() throws {
        let wal = try RecordedWAL.shared()
        let file = try ControlFile(parsing: wal.controlFile)
        func field(_ name: String) -> String? { wal.controlData[name] }
        #expect(field("Database system identifier") == String(file.systemIdentifier))
        #expect(field("pg_control version number") == String(file.controlVersion))
        #expect(field("Catalog version number") == String(file.catalogVersion))
        #expect(file.state == .shutDown)
        #expect(field("Latest checkpoint location") == file.checkpoint.description)
        #expect(field("Latest checkpoint's REDO location") == file.redo.description)
        #expect(field("Latest checkpoint's TimeLineID") == file.timeline.description)
        #expect(field("Latest checkpoint's PrevTimeLineID") == file.previousTimeline.description)
        #expect(field("Latest checkpoint's NextXID") == "0:\(file.nextFullTransactionID)")
        #expect(field("Minimum recovery ending location") == file.minRecoveryPoint.description)
        #expect(field("Backup start location") == file.backupStart.description)
        #expect(field("Backup end location") == file.backupEnd.description)
        #expect(file.parameters.walLevel == .logical)
        #expect(field("max_connections setting") == String(file.parameters.maxConnections))
        #expect(file.parameters.maxConnections == 77)
        #expect(field("max_worker_processes setting") == String(file.parameters.maxWorkerProcesses))
        #expect(field("max_wal_senders setting") == String(file.parameters.maxWalSenders))
        #expect(field("max_prepared_xacts setting") == String(file.parameters.maxPreparedTransactions))
        #expect(field("max_locks_per_xact setting") == String(file.parameters.maxLocksPerTransaction))
        #expect(field("Database block size") == String(file.blockSize))
        #expect(field("Blocks per segment of large relation") == String(file.blocksPerFile))
        #expect(field("WAL block size") == String(file.walBlockSize))
        #expect(field("Bytes per WAL segment") == String(file.walSegmentSize.bytes))
        #expect(field("Data page checksum version") == String(file.dataChecksumVersion))
        #expect(file.dataChecksumVersion == 1)
        #expect(file.fullPageWrites)
        let modified = PostgresTimestamp(unixMicroseconds: file.lastModified * 1_000_000).components
        #expect(field("pg_control last modified")?.contains(" \(modified.year)") == true)
        #expect(file.checkpointTime > 0 && file.checkpointTime <= file.lastModified)
    }

    @Test func `every changed byte is noticed`() throws {
        let good = try RecordedWAL.shared().controlFile
        for place in 0..<(try ControlFile(parsing: good)).size {
            var damaged = good
            damaged[place] ^= 0x40
            #expect(throws: ControlFile.Failure.self, "byte \(place)") { try ControlFile(parsing: damaged) }
        }
    }

    @Test(arguments: [(1700, 288), (1800, 292)] as [(UInt32, Int)])
    func `reads the layouts of 17 and 18, whose checksum stands where each has it`(
        version: UInt32, place: Int
    ) throws {
        let recorded = try RecordedWAL.shared().controlFile
        var bytes = recorded
        bytes.replaceSubrange(8..<12, with: withUnsafeBytes(of: version.littleEndian) { Array($0) })
        bytes.replaceSubrange(288..<296, with: [UInt8](repeating: 0, count: 8))
        let checksum = CRC32C.checksum(Array(bytes.prefix(place)))
        bytes.replaceSubrange(
            place..<place + 4, with: withUnsafeBytes(of: checksum.littleEndian) { Array($0) })
        let (file, known) = (try ControlFile(parsing: bytes), try ControlFile(parsing: recorded))
        #expect(file.controlVersion == version && file.size == place + 4)
        #expect(file.checkpoint == known.checkpoint && file.walSegmentSize == known.walSegmentSize)
        bytes[20] ^= 1
        #expect(throws: ControlFile.Failure.wrongChecksum) { try ControlFile(parsing: bytes) }
    }

    @Test func `refuses another version, before it trusts anything else`() throws {
        var other = try RecordedWAL.shared().controlFile
        other.replaceSubrange(8..<12, with: [0x78, 0x05, 0, 0])
        #expect(throws: ControlFile.Failure.unsupportedVersion(1400)) { try ControlFile(parsing: other) }
        other.replaceSubrange(8..<12, with: [0, 0, 0x05, 0x14])
        #expect(throws: ControlFile.Failure.foreignByteOrder) { try ControlFile(parsing: other) }
        #expect(throws: ControlFile.Failure.tooShort) { try ControlFile(parsing: Array(other.prefix(11))) }
        let good = try RecordedWAL.shared().controlFile
        #expect(throws: ControlFile.Failure.tooShort) { try ControlFile(parsing: Array(good.prefix(200))) }
    }
}
