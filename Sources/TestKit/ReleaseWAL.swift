import Foundation
import Platform
public import PostgresFormat
import Synchronization

/// The WAL of a real PostgreSQL of a given release that touched every resource manager, with PostgreSQL's own
/// reading of it as the oracle.
///
/// PostgreSQL 15 is the machine's; the others are fetched by `Scripts/fetch-postgres` when first asked for,
/// and a test that cannot have one fails with the reason. Each WAL is made once per run; segments are 1 MiB.
public final class ReleaseWAL: Sendable {
    public let version: WALVersion
    public let segments: [(name: SegmentName, bytes: [UInt8])]
    /// In WAL order.
    public let lines: [RecordedWAL.Line]
    /// The lines of `pg_waldump --stats` and `--stats=record`: a name and six numbers without percentages.
    public let managers: [Statistic]
    public let records: [Statistic]
    /// Page images as `pg_waldump --save-fullpage` restores them, by record, block and fork; none for
    /// PostgreSQL 15, which cannot do that.
    public let pages: [String: [UInt8]]

    public struct Statistic: Hashable, Sendable {
        public let name: String
        public let count: UInt64
        public let recordBytes: UInt64
        public let imageBytes: UInt64

        public init(name: String, count: UInt64, recordBytes: UInt64, imageBytes: UInt64) {
            self.name = name
            self.count = count
            self.recordBytes = recordBytes
            self.imageBytes = imageBytes
        }
    }

    private static let made = Mutex<[WALVersion: ReleaseWAL]>([:])

    /// The one WAL of that release in this test run. Made under a lock: tests that want it at once wait.
    public static func shared(_ version: WALVersion) throws -> ReleaseWAL {
        try made.withLock { made in
            if let wal = made[version] { return wal }
            let wal = try ReleaseWAL(version)
            made[version] = wal
            return wal
        }
    }

    private init(_ version: WALVersion) throws {
        self.version = version
        let scratch = try ScratchDirectory("release")
        defer { withExtendedLifetime(scratch) {} }
        let programs = try Self.programs(version, scratch)
        let result = try RunAs().runChecked(
            Command(
                "bash", ["-c", Self.script, "sh", String(version.rawValue)],
                environment: [
                    "PATH": programs + ":/usr/bin:/bin", "TZ": "UTC", "SCRATCH": ScratchDirectory.root,
                ], workingDirectory: "/tmp",
                timeoutSeconds: 120))
        let directory = String(result.standardOutput.split(separator: "\n").last ?? "")
        defer { _ = try? RunAs().run(Command("rm", ["-rf", directory])) }
        let kept = directory + "/kept/"
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: kept + name)), as: UTF8.self)
        }
        func files(_ folder: String) throws -> [(name: String, bytes: [UInt8])] {
            try FileManager.default.contentsOfDirectory(atPath: kept + folder).sorted().map {
                ($0, Array(try Data(contentsOf: URL(fileURLWithPath: kept + folder + "/" + $0))))
            }
        }
        segments = try files("wal").compactMap { name, bytes in
            SegmentName(fileName: name, size: RecordedWAL.segmentSize).map { ($0, bytes) }
        }
        lines = try text("waldump").split(separator: "\n").compactMap(RecordedWAL.Line.init)
        managers = try text("stats").split(separator: "\n").compactMap(Statistic.init)
        records = try text("records").split(separator: "\n").compactMap(Statistic.init)
        pages = Dictionary(
            try files("pages").map { name, bytes in (Self.pageKey(fileName: name), bytes) },
            uniquingKeysWith: { first, _ in first })
    }

    /// `0/1A2B3C4 1663.5.16384.12_main`; the files' names have the timeline in front since PostgreSQL 17.
    private static func pageKey(fileName: String) -> String {
        let parts = fileName.split(separator: ".", maxSplits: 1).map(String.init)
        let numbers = parts[0].split(separator: "-").suffix(2).compactMap { UInt64($0, radix: 16) }
        guard parts.count == 2, numbers.count == 2 else { return fileName }
        return "\(LSN(numbers[0] << 32 | numbers[1])) \(parts[1])"
    }

    /// The folder with the release's programs, readable for the servers' account; fetched when first
    /// asked for.
    ///
    /// - Parameter scratch: where a copy of them is put if need be.
    public static func programs(_ version: WALVersion, _ scratch: ScratchDirectory) throws -> String {
        if version == .v15 { return PostgresFixture.debianDirectory }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let fetched = try SystemCommands().runChecked(
            Command(
                root + "/Scripts/fetch-postgres", [],
                environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"],
                timeoutSeconds: 300))
        let wanted = "\(version.rawValue) "
        guard
            let line = fetched.standardOutput.split(separator: "\n").first(where: { $0.hasPrefix(wanted) })
        else { throw Problem(.postgresMissing, "PostgreSQL \(version.rawValue) was not fetched") }
        let programs = String(line.dropFirst(wanted.count))
        // A working copy under a private home is closed to the servers' account.
        let isOpen = try RunAs().run(Command("test", ["-x", programs + "/initdb"])).succeeded
        if isOpen { return programs }
        let copy = scratch.file("postgres")
        try SystemCommands().runChecked(
            Command("cp", ["-r", root + "/.build/postgres/\(version.rawValue)", copy]))
        try RunAs.handOver(copy)
        return copy + "/bin"
    }
}

extension ReleaseWAL.Statistic {
    /// Reads `Heap/INSERT  12 ( 1.00)  345 ( 2.00)  0 ( 0.00)  345 ( 1.00)`, also with the total's brackets.
    public init?(_ line: Substring) {
        let fields = line.split { " ()[]%".contains($0) }.map(String.init)
        let isTotal = line.hasPrefix("Total ")
        guard fields.count >= 7, let last = fields.firstIndex(where: { UInt64($0) != nil }), last > 0 else {
            return nil
        }
        let name = fields[..<last].joined(separator: " ")
        let numbers = fields[last...].enumerated().compactMap { index, text in
            isTotal || index % 2 == 0 ? UInt64(text) : nil
        }
        guard numbers.count >= 3 else { return nil }
        self.init(name: name, count: numbers[0], recordBytes: numbers[1], imageBytes: numbers[2])
    }
}
