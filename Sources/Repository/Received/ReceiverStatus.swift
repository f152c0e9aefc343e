import Notation
public import Platform
public import PostgresFormat

/// How the receiving of a source's WAL stands, as whoever receives it writes it down about once a second.
///
/// Never ahead of the truth: what it says to be durable was so before it was written.
public struct ReceiverStatus: Hashable, Sendable {
    public static let format: Int64 = 1

    public enum Phase: String, Hashable, Sendable, CaseIterable {
        case connecting = "Connecting"
        case streaming = "Streaming"
        /// It failed, and is tried again.
        case waiting = "Waiting"
        /// Nobody receives.
        case ended = "Ended"
    }

    public var phase: Phase
    /// Since when it is in that phase.
    public var since: PostgresTimestamp
    public var updated: PostgresTimestamp
    public var timeline: TimelineID?
    /// Everything before is on the disk here, in the archive or in the receiver's own files.
    public var durable: LSN?
    /// How far the source said it was.
    public var sourceEnd: LSN?
    /// Every commit acknowledged before is held: on the source's clock.
    public var confirmedThere: PostgresTimestamp?
    /// The same moment on this machine's clock.
    public var confirmedHere: PostgresTimestamp?
    /// Why it waits.
    public var problem: String?
    /// WAL from there on was gone from the source before it could be received, when that happened last.
    public var gap: LSN?
    /// What the source told of itself when it was asked last.
    public var source: SourceAnswers?
    /// When the slot was last made anew, and why.
    public var renewal: SlotRenewal?

    public init(phase: Phase, at now: PostgresTimestamp) {
        self.phase = phase
        since = now
        updated = now
    }

    /// Takes how a stream stands.
    ///
    /// A stream that begins anew begins with a segment of which more is held already: on its timeline nothing
    /// that was durable becomes less, so that the confirmed moment stays true. On another timeline it says
    /// nothing, and no moment is confirmed before the stream tells one.
    ///
    /// - Parameter confirmed: a moment on the source's clock and on this machine's.
    public mutating func follow(
        _ timeline: TimelineID, durable: LSN, sourceEnd: LSN,
        confirmed: (there: PostgresTimestamp, here: PostgresTimestamp)?
    ) {
        let held = timeline == self.timeline ? self.durable ?? .zero : .zero
        if timeline != self.timeline { (confirmedThere, confirmedHere) = (nil, nil) }
        self.timeline = timeline
        self.durable = max(held, durable)
        self.sourceEnd = max(sourceEnd, held)
        if let confirmed { (confirmedThere, confirmedHere) = (confirmed.there, confirmed.here) }
    }

    // MARK: As a file

    public var encoded: [UInt8] {
        var object: JSONObject = [
            "format": .integer(Self.format), "phase": .string(phase.rawValue),
            "since": .integer(since.microseconds), "updated": .integer(updated.microseconds),
        ]
        if let timeline { object["timeline"] = .integer(Int64(timeline.rawValue)) }
        if let durable { object["durable"] = .string(durable.description) }
        if let sourceEnd { object["sourceEnd"] = .string(sourceEnd.description) }
        if let confirmedThere { object["confirmedThere"] = .integer(confirmedThere.microseconds) }
        if let confirmedHere { object["confirmedHere"] = .integer(confirmedHere.microseconds) }
        if let problem { object["problem"] = .string(problem) }
        if let gap { object["gap"] = .string(gap.description) }
        if let source { object["source"] = source.json }
        if let renewal { object["renewal"] = renewal.json }
        return DescribedDocument.seal(object)
    }

    /// Throws `.stateDamaged` or `.formatTooNew`.
    public init(parsing bytes: [UInt8], path: String) throws(Problem) {
        let document = DescribedDocument(path: path)
        let object = try document.unseal(bytes, format: Self.format)
        func time(_ name: String) -> PostgresTimestamp? {
            object[name]?.integer.map { PostgresTimestamp(microseconds: $0) }
        }
        func position(_ name: String) -> LSN? { object[name]?.string.flatMap { LSN($0) } }
        guard let phase = object["phase"]?.string.flatMap({ Phase(rawValue: $0) }),
            let since = time("since"), let updated = time("updated")
        else { throw document.damaged("a field is missing") }
        self.init(phase: phase, at: since)
        self.updated = updated
        timeline = object["timeline"]?.integer.flatMap { UInt32(exactly: $0) }.map { TimelineID($0) }
        (durable, sourceEnd, gap) = (position("durable"), position("sourceEnd"), position("gap"))
        (confirmedThere, confirmedHere) = (time("confirmedThere"), time("confirmedHere"))
        problem = object["problem"]?.string
        source = object["source"].flatMap { SourceAnswers($0) }
        renewal = object["renewal"].flatMap { SlotRenewal($0) }
    }
}

/// Where the receiver of one source keeps what is not archived yet, and how it stands.
public struct ReceiverFolder: Hashable, Sendable {
    public let path: String

    public init(path: String) {
        self.path = path
    }

    /// Segments under their own names; the newest is being written.
    public var wal: String { path + "/pg_wal" }
    public var statusFile: String { path + "/status.json" }

    /// What was written down last; nil where nothing was, or it cannot be read: then nothing is known.
    public func status() -> ReceiverStatus? {
        guard let bytes = try? DurableFiles.readIfPresent(statusFile) else { return nil }
        return try? ReceiverStatus(parsing: bytes, path: statusFile)
    }

    public func write(_ status: ReceiverStatus) throws(Problem) {
        try DurableFiles.write(status.encoded, to: statusFile, durable: false)
    }

    /// The segments that are there, in the order of WAL.
    public func segments(_ size: WALSegmentSize) throws(Problem) -> [SegmentName] {
        try DurableFiles.listIfPresent(wal).compactMap { SegmentName(fileName: $0, size: size) }.sorted()
    }
}
