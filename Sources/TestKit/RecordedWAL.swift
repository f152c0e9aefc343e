import Foundation
import Notation
import Platform
public import PostgresFormat

/// The WAL of a real PostgreSQL 15 that did a bit of everything, with PostgreSQL's own reading of it as the
/// oracle.
///
/// Made once per test run, in some seconds, in a scratch directory that is gone afterwards; segments are 1
/// MiB.
public struct RecordedWAL: Sendable {
    /// A record as `pg_waldump` prints it.
    public struct Line: Hashable, Sendable {
        public let manager: String
        public let totalLength: UInt32
        public let xid: TransactionID
        public let start: LSN
        public let previous: LSN
        public let description: String
    }

    public let segments: [(name: SegmentName, bytes: [UInt8])]
    /// In WAL order.
    public let lines: [Line]
    /// What `pg_waldump` said when the WAL ended.
    public let endMessage: String
    public let controlFile: [UInt8]
    /// What `pg_controldata` prints about it, by name.
    public let controlData: [String: String]
    public let manifest: [UInt8]
    public let backupLabel: String
    public let backupHistory: String

    public static let segmentSize = WALCraft.smallSegment

    private static let made = Result { try RecordedWAL() }

    /// The one WAL of this test run.
    public static func shared() throws -> RecordedWAL {
        try made.get()
    }

    /// Whether PostgreSQL 15 is installed here.
    public static var isAvailable: Bool { access(binDirectory + "/initdb", X_OK) == 0 }

    private static let binDirectory = "/usr/lib/postgresql/15/bin"

    private init() throws {
        let result = try RunAs().runChecked(Self.command)
        let directory = String(result.standardOutput.split(separator: "\n").last ?? "")
        defer { _ = try? RunAs().run(Command("rm", ["-rf", directory])) }
        func file(_ name: String) throws -> [UInt8] {
            Array(try Data(contentsOf: URL(fileURLWithPath: directory + "/kept/" + name)))
        }
        func text(_ name: String) throws -> String { String(decoding: try file(name), as: UTF8.self) }
        segments = try FileManager.default.contentsOfDirectory(atPath: directory + "/kept/wal").sorted()
            .compactMap { name in
                guard let segment = SegmentName(fileName: name, size: Self.segmentSize) else { return nil }
                return (segment, try file("wal/" + name))
            }
        lines = try text("waldump").split(separator: "\n").compactMap(Line.init)
        endMessage = try text("waldump.end")
        controlFile = try file("pg_control")
        var controlData: [String: String] = [:]
        for line in try text("controldata").split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            controlData[String(line[..<colon])] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        self.controlData = controlData
        manifest = try file("backup_manifest")
        backupLabel = try text("backup_label")
        backupHistory = try text("backup_history")
    }

    /// The SHA-256 of some text, by the machine's own tool; empty if that fails.
    public static func sha256(_ text: [UInt8]) -> [UInt8] {
        let command = Command("sha256sum", standardInput: String(decoding: text, as: UTF8.self))
        return Hexadecimal.bytes(((try? RunAs().run(command))?.standardOutput ?? "").prefix(64)) ?? []
    }

    private static var command: Command {
        Command(
            "bash", ["-c", script],
            environment: [
                "PATH": binDirectory + ":/usr/bin:/bin", "TZ": "UTC", "SCRATCH": ScratchDirectory.root,
            ],
            workingDirectory: "/tmp", timeoutSeconds: 120)
    }
}

extension RecordedWAL.Line {
    /// Reads `rmgr: X len (rec/tot): a/ b, tx: n, lsn: l, prev p, desc: …`. Bytes are looked at and not
    /// characters: there are tens of thousands of lines.
    init?(_ line: Substring) {
        let blank = UInt8(ascii: " ")
        let words = line.utf8.split(separator: blank)
        func isWord(_ place: Int, _ text: String) -> Bool {
            words.indices.contains(place) && words[place].elementsEqual(text.utf8)
        }
        /// Without the comma behind it.
        func value(_ place: Int) -> String { String(decoding: words[place].dropLast(), as: UTF8.self) }
        // A long record's second length stands in one word with the first.
        let tx = isWord(6, "tx:") ? 6 : 5
        guard isWord(0, "rmgr:"), isWord(tx, "tx:"), isWord(tx + 2, "lsn:"), isWord(tx + 4, "prev"),
            isWord(tx + 6, "desc:"), let length = value(tx - 1).split(separator: "/").last,
            let total = UInt32(length), let number = UInt32(value(tx + 1)), let start = LSN(value(tx + 3)),
            let previous = LSN(value(tx + 5))
        else { return nil }
        manager = String(decoding: words[1], as: UTF8.self)
        totalLength = total
        xid = TransactionID(number)
        self.start = start
        self.previous = previous
        var text: [UInt8] = []
        for word in words[(tx + 7)...] {
            if !text.isEmpty { text.append(blank) }
            text += word
        }
        description = String(decoding: text, as: UTF8.self)
    }
}
