import Notation
import Platform
import PostgresFormat

/// What is due to be deleted by time, since when, in time that nobody can set.
///
/// A clock may be wrong by a year, and whatever deletes by it alone deletes everything. So what is due is
/// marked first, and deleted when the machine has been up for a day since, summed over its boots, and it is
/// still due. Within one boot the clock and the machine's uptime have to go alike: a larger gap begins the
/// day anew for everything.
struct ExpiryLedger: Sendable, Hashable {
    /// From the mark to the deletion.
    static let patience: Double = 86_400
    /// What clock and uptime may differ by within one boot: more than a clock that is slewed is off.
    static let tolerance: Double = 300

    /// A moment at which both were looked at.
    struct Anchor: Sendable, Hashable {
        var boot: String
        /// The clock less the uptime, in seconds: the same for a whole boot.
        var offset: Double
        /// The uptime when it was looked at last.
        var uptime: Double
    }

    /// The clock went by itself.
    struct Gap: Sendable, Hashable {
        /// How far the clock went beyond the uptime; less than 0 where it went back.
        var seconds: Double
        /// The time that had been counted by then.
        var at: Double
    }

    /// Seconds of uptime that were seen, over all boots.
    private(set) var counted: Double = 0
    private(set) var anchor: Anchor?
    private(set) var lastGap: Gap?
    /// When what is due was marked, in counted time.
    private(set) var marks: [String: Double] = [:]

    /// Whether something was seen for the first time that has to be kept, even if nothing else changes.
    private static let worthKeeping: Double = 600

    /// Takes note of what clock and machine say; tells a gap when it is seen for the first time.
    mutating func observe(wall: PostgresTimestamp, _ uptime: MachineUptime) -> Gap? {
        let offset = Double(wall.unixMicroseconds) / 1_000_000 - uptime.seconds
        let found = gap(offset: offset, uptime)
        if let known = anchor, known.boot == uptime.boot {
            counted += max(0, uptime.seconds - known.uptime)
        } else if anchor != nil {
            // Of the boot before, what came after the last look is not known, and does not count.
            counted += max(0, uptime.seconds)
        }
        let kept = found == nil ? anchor.flatMap { $0.boot == uptime.boot ? $0.offset : nil } : nil
        anchor = Anchor(boot: uptime.boot, offset: kept ?? offset, uptime: uptime.seconds)
        guard let found else { return nil }
        lastGap = Gap(seconds: found, at: counted)
        for key in marks.keys { marks[key] = counted }
        return lastGap
    }

    /// How far the clock is from where the uptime says it should be; nil where that is little, or not known.
    func gap(wall: PostgresTimestamp, _ uptime: MachineUptime) -> Double? {
        gap(offset: Double(wall.unixMicroseconds) / 1_000_000 - uptime.seconds, uptime)
    }

    private func gap(offset: Double, _ uptime: MachineUptime) -> Double? {
        guard let anchor, anchor.boot == uptime.boot else { return nil }
        let gap = offset - anchor.offset
        return abs(gap) > Self.tolerance ? gap : nil
    }

    /// A gap that was seen less than a day of uptime ago.
    var recentGap: Gap? { lastGap.flatMap { counted - $0.at < Self.patience ? $0 : nil } }

    /// Marks what is due of one owner, forgets what is not any more, and tells what may be deleted and what
    /// was marked just now.
    mutating func sort(due: [String], of owner: String) -> (ripe: Set<String>, fresh: Set<String>) {
        let keys = Dictionary(due.map { ("\(owner)/\($0)", $0) }, uniquingKeysWith: { $1 })
        for key in marks.keys where key.hasPrefix("\(owner)/") && keys[key] == nil { marks[key] = nil }
        var ripe: Set<String> = []
        var fresh: Set<String> = []
        for (key, name) in keys {
            if let mark = marks[key] {
                if counted - mark >= Self.patience { ripe.insert(name) }
            } else {
                marks[key] = counted
                fresh.insert(name)
            }
        }
        return (ripe, fresh)
    }

    /// How many seconds of uptime are missing until it may be deleted; nil for what is not marked.
    func wait(_ name: String, of owner: String) -> Double? {
        marks["\(owner)/\(name)"].map { max(0, Self.patience - (counted - $0)) }
    }

    /// Whether this is worth a write: counting alone is, every ten minutes.
    func isWorthKeeping(after other: ExpiryLedger) -> Bool {
        var settled = self
        settled.counted = other.counted
        settled.anchor = other.anchor
        return settled != other || counted - other.counted > Self.worthKeeping
            || anchor?.boot != other.anchor?.boot || anchor?.offset != other.anchor?.offset
    }

    // MARK: As JSON

    private static let format: Int64 = 1

    init() {}

    func encoded() -> [UInt8] {
        var marked = JSONObject()
        for (key, value) in marks.sorted(by: { $0.key < $1.key }) { marked[key] = .double(value) }
        var value: JSONObject = [
            "format": .integer(Self.format),
            "kind": "what is due to be deleted by time, counted in the machine's uptime",
            "counted": .double(counted), "marks": .object(marked),
        ]
        if let anchor {
            value["anchor"] = [
                "boot": .string(anchor.boot), "offset": .double(anchor.offset),
                "uptime": .double(anchor.uptime),
            ]
        }
        if let lastGap { value["gap"] = ["seconds": .double(lastGap.seconds), "at": .double(lastGap.at)] }
        return Array((JSONValue.object(value).printed() + "\n").utf8)
    }

    /// What was kept. A file that cannot be read counts as none: everything waits for a day again.
    init(parsing bytes: [UInt8]) {
        guard let value = try? JSONValue.parse(bytes), value["format"]?.integer == Self.format,
            let counted = Self.number(value["counted"])
        else { return }
        self.counted = counted
        for member in value["marks"]?.object?.members ?? [] {
            // One that lies in the future would never be ripe, one without sense might be at once.
            if let mark = Self.number(member.value) { marks[member.name] = min(mark, counted) }
        }
        if let boot = value["anchor"]?["boot"]?.string, let offset = Self.number(value["anchor"]?["offset"]),
            let uptime = Self.number(value["anchor"]?["uptime"])
        {
            anchor = Anchor(boot: boot, offset: offset, uptime: uptime)
        }
        if let seconds = Self.number(value["gap"]?["seconds"]), let at = Self.number(value["gap"]?["at"]) {
            lastGap = Gap(seconds: seconds, at: at)
        }
    }

    private static func number(_ value: JSONValue?) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .double(let number) where number.isFinite: number
        default: nil
        }
    }
}
