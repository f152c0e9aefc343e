import Platform
import PostgresFormat
import TestKit
import Testing

@testable import Repository

/// What a process that stays tells of a repository is what is there, whatever it has read of it before.
@Suite(.timeLimit(.minutes(1)))
struct RepositoryMemoryTests {
    private let scratch: ScratchDirectory
    /// As if every file had been changed long ago.
    private let layout: RepositoryLayout

    init() throws {
        scratch = try ScratchDirectory("memory")
        layout = RepositoryLayout(root: scratch.file("r"), memory: RepositoryMemory(tick: -10))
        try layout.create(RepositoryIdentity(serverID: "r", systemIdentifier: 1, postgresMajor: 15))
    }

    private var repository: BackupRepository { BackupRepository(layout: layout) }

    private func descriptor(_ name: String, _ label: String) -> BackupDescriptor {
        let time = PostgresTimestamp(microseconds: 0)
        return BackupDescriptor(
            name: name, source: .automatic, label: label, timeline: TimelineID(1), startLSN: LSN(16 << 20),
            stopLSN: LSN(17 << 20), checkpointLSN: LSN(16 << 20), startTime: time, stopTime: time,
            storage: .plain, totalBytes: 1, storedBytes: 1, fileCount: 1, systemIdentifier: 1,
            postgresVersion: 150_000, segmentSize: .standard,
            settings: WALParameters(
                maxConnections: 100, maxWorkerProcesses: 8, maxWalSenders: 10, maxPreparedTransactions: 0,
                maxLocksPerTransaction: 64, walLevel: .replica), manifestCRC32C: 7, directories: [])
    }

    private func write(_ name: String, _ label: String) throws {
        try DurableFiles.makeDirectories(layout.backup(name))
        try DurableFiles.write(
            descriptor(name, label).encoded, to: BackupFiles.descriptor(layout.backup(name)), durable: false)
    }

    private var labels: [String?] {
        get throws { try repository.list().map { $0.descriptor?.label } }
    }

    @Test func `a backup that was changed, damaged, deleted or came is told as it is`() throws {
        try write("a", "one")
        try write("b", "two")
        #expect(try labels == ["one", "two"])
        try write("b", "six")
        #expect(try labels == ["one", "six"])

        // In place, and as large as it was.
        let path = BackupFiles.descriptor(layout.backup("b"))
        try FileClock.awaitTick(in: scratch)
        let size = try DurableFiles.read(path).count
        try OpenFile(updating: path).write([0x20, 0x20], at: UInt64(size / 2))
        #expect(try labels == ["one", nil])
        #expect(throws: Problem.self) { try repository.find("b") }
        try DurableFiles.removeFile(path)
        #expect(try labels == ["one", nil])

        try write("b", "two")
        #expect(try labels == ["one", "two"])
        try repository.delete("a")
        #expect(try labels == ["two"])
        try write("c", "new")
        #expect(try labels == ["two", "new"])
        try DurableFiles.rename(layout.backup("c"), to: layout.backup("c.deleting"))
        #expect(try labels == ["two"])
        // A folder under another's name.
        try DurableFiles.rename(layout.backup("b"), to: layout.backup("d"))
        #expect(try labels == [nil])
    }

    @Test func `the note of a check is the last one, and of this very backup`() throws {
        try write("a", "one")
        let checks = BackupChecks(layout: layout)
        let backup = descriptor("a", "one")
        func outcome() throws -> BackupCheck.Outcome? { try repository.list().first?.lastCheck?.outcome }
        #expect(try outcome() == nil)
        var check = BackupCheck(
            time: PostgresTimestamp(microseconds: 0), outcome: .sound, finding: nil, files: 1, bytes: 1,
            segments: 1)
        try checks.note(check, of: backup)
        #expect(try outcome() == .sound)
        check.outcome = .damagedFiles
        try checks.note(check, of: backup)
        #expect(try outcome() == .damagedFiles)
        var other = backup
        other.manifestCRC32C = 8
        #expect(checks.last(of: other) == nil)
        try checks.forget("a")
        #expect(try outcome() == nil)
    }
}
