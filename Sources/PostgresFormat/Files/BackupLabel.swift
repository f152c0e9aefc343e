import Notation

/// PostgreSQL's `backup_label`, and the backup history file that says the same and where the backup ended.
///
/// The text itself must go into a copy unchanged; this is what it says.
public struct BackupLabel: Hashable, Sendable {
    /// The line that is missing or not as it should be.
    public struct Malformed: Error, Hashable, Sendable {
        public let line: String

        public init(line: String) {
            self.line = line
        }
    }

    /// Where replay of the backup must begin, the checkpoint's redo position.
    public let startLSN: LSN
    public let startSegment: String
    public let checkpointLSN: LSN
    public let label: String
    public let startTimeline: TimelineID
    /// As the server wrote it, in its `log_timezone`.
    public let startTime: String
    public let fromStandby: Bool
    /// Only in a history file.
    public let stop: Stop?

    public struct Stop: Hashable, Sendable {
        public let lsn: LSN
        public let segment: String
        public let timeline: TimelineID
        public let time: String
    }

    public init(parsing text: String) throws(Malformed) {
        var lines: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":"), line[colon...].hasPrefix(": ") else { continue }
            let name = line[..<colon]
            if lines[name] == nil { lines[name] = line[colon...].dropFirst(2) }
        }
        func field<Value>(_ name: Substring, _ read: (Substring) -> Value?) throws(Malformed) -> Value {
            guard let value = lines[name].flatMap(read) else { throw Malformed(line: String(name)) }
            return value
        }
        let start = try field("START WAL LOCATION", Self.location)
        startLSN = start.lsn
        startSegment = start.segment
        checkpointLSN = try field("CHECKPOINT LOCATION") { LSN(String($0)) }
        fromStandby = try field("BACKUP FROM") { $0 == "standby" ? true : $0 == "primary" ? false : nil }
        startTime = try field("START TIME") { String($0) }
        label = lines["LABEL"].map { String($0) } ?? ""
        startTimeline = try field("START TIMELINE", Self.timeline)
        if lines["STOP WAL LOCATION"] != nil {
            let end = try field("STOP WAL LOCATION", Self.location)
            stop = Stop(
                lsn: end.lsn, segment: end.segment, timeline: try field("STOP TIMELINE", Self.timeline),
                time: try field("STOP TIME") { String($0) })
        } else {
            stop = nil
        }
    }

    /// Reads `0/2000028 (file 000000010000000000000002)`.
    private static func location(_ text: Substring) -> (lsn: LSN, segment: String)? {
        let opening = " (file "
        guard let space = text.firstIndex(of: " "), text[space...].hasPrefix(opening), text.hasSuffix(")"),
            let lsn = LSN(String(text[..<space]))
        else { return nil }
        let segment = String(text[space...].dropFirst(opening.count).dropLast())
        guard segment.utf8.count == 24, segment.utf8.allSatisfy(\.isHexDigit) else { return nil }
        return (lsn, segment)
    }

    private static func timeline(_ text: Substring) -> TimelineID? {
        UInt32(text).flatMap { $0 > 0 ? TimelineID($0) : nil }
    }
}
