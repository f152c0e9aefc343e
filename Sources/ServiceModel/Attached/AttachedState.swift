public import PostgresFormat

/// How an attached source stands.
public struct AttachedState: Hashable, Sendable {
    public enum Phase: String, Hashable, Sendable {
        case connecting = "Connecting"
        case streaming = "Streaming"
        /// The connection is lost and is tried again.
        case waiting = "Waiting"
        /// Nobody receives: neither `pitr serve` nor `pitr receive` runs.
        case notReceiving = "NotReceiving"
    }

    public var attachment: Attachment
    public var phase: Phase
    public var since: PostgresTimestamp?
    /// Everything before is on the disk here.
    public var durable: LSN?
    /// How far the source said it was.
    public var sourceEnd: LSN?
    /// How old the last moment is up to which nothing is missing: what would be lost if the source were lost
    /// now, in seconds.
    public var rpoSeconds: Double?
    public var problem: String?
    /// WAL from there on was gone before it was received, when that happened last.
    public var gap: LSN?
    /// The address at which its primary answered last.
    public var primary: String?
    /// What its slot holds back there, and may.
    public var slot: SlotState?
    /// Whom its commits wait for, as it said last; nil where it was not asked yet.
    public var synchronousNames: String?
    /// When it said so; nil where that is not known.
    public var synchronousNamesAt: PostgresTimestamp?
    /// When it stood like this here.
    public var seenAt: PostgresTimestamp?

    public init(attachment: Attachment, phase: Phase) {
        self.attachment = attachment
        self.phase = phase
    }

    /// Bytes that the source has and that are not here; nil while nobody hears from it how far it is.
    public var lagBytes: UInt64? {
        guard phase == .streaming, let durable, let sourceEnd else { return nil }
        return sourceEnd > durable ? sourceEnd.distance(from: durable) : 0
    }

    /// What is promised of WAL while nobody receives, as the source's settings are now.
    public var guarantee: String {
        guard let slot else { return "no slot: WAL that the source forgets before it is received is a gap" }
        if slot.isTemporary {
            return "a temporary slot: WAL that the source forgets while nobody receives is a gap"
        }
        if let bound = slot.bound {
            return "slot \(slot.name) holds back at most \(bound) of WAL while nobody receives; more is a gap"
        }
        return phase == .notReceiving
            ? "none: slot \(slot.name) is unbounded and nobody receives, WAL can fill the source's disk now"
            : "slot \(slot.name) is unbounded: while nobody receives, WAL can fill the source's disk"
    }

    /// Whether commits on the source wait for this stream.
    public var isAwaited: Bool {
        guard let names = synchronousNames else { return false }
        return attachment.isNamed(in: names)
    }

    /// What a stream that is named, and not received, means for the source's commits.
    public enum Standstill: Hashable, Sendable {
        /// They wait: nobody else can confirm them, and the source said so moments ago.
        case certain
        /// Another standby may confirm them, or the source's setting may be another one by now.
        case possible
    }

    /// Nil where the stream is received, or no commit waits for it.
    public var standstill: Standstill? {
        guard isAwaited, phase != .streaming else { return nil }
        guard let names = synchronousNames, attachment.isIndispensable(in: names),
            let told = synchronousNamesAt, let seenAt,
            (0...Self.fresh).contains(seenAt.microseconds - told.microseconds)
        else { return .possible }
        return .certain
    }

    /// `its synchronous_standby_names was 'ANY 1 (a, b)' at …`.
    public var namesAsTold: String {
        "its synchronous_standby_names was '\(synchronousNames ?? "")' "
            + (synchronousNamesAt.map { "at \($0.wholeSeconds)" } ?? "when it was asked last")
    }

    /// In microseconds: whoever receives asks every ten seconds.
    private static let fresh: Int64 = 15_000_000
}

extension Attachment {
    /// Whether `synchronous_standby_names` has the stream's name: `ANY 1 (pitr_prod, "other")`, or `*`.
    public func isNamed(in names: String) -> Bool {
        guard let name = synchronousName else { return false }
        return names.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "*") }
            .contains { $0 == "*" || $0.lowercased() == name.lowercased() }
    }

    /// Whether no commit is confirmed without the stream, whoever else is connected: it is the only name, or
    /// as many are to confirm as are named. False for what cannot be read.
    func isIndispensable(in names: String) -> Bool {
        guard let name = synchronousName else { return false }
        var list = names[...]
        var needed = 1
        if let open = names.firstIndex(of: "(") {
            let method = names[..<open].split(whereSeparator: \.isWhitespace)
            guard let count = method.last.flatMap({ Int($0) }), let close = names.lastIndex(of: ")"),
                open < close
            else { return false }
            needed = count
            list = names[names.index(after: open)..<close]
        }
        // Of a quoted name that has a comma or a blank no part is a plain name.
        let members = list.split(separator: ",", omittingEmptySubsequences: false)
        let plain = Set(members.compactMap { Self.plainName($0)?.lowercased() })
        return plain.contains(name.lowercased()) && plain.count == members.count && needed >= members.count
    }

    /// Without its quotes; nil for `*`, which is anybody, and for what is no simple name.
    private static func plainName(_ member: Substring) -> String? {
        let words = member.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let member = words.first else { return nil }
        let isQuoted = member.count > 2 && member.hasPrefix("\"") && member.hasSuffix("\"")
        let bare = String(isQuoted ? member.dropFirst().dropLast() : member)
        let isSimple = bare.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
        return isSimple && !bare.isEmpty ? bare : nil
    }
}
