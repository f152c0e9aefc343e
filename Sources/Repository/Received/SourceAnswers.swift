import Notation
public import PostgresFormat

/// What a source tells of itself to whoever receives its WAL, asked at each connection and every few seconds.
public struct SourceAnswers: Hashable, Sendable {
    /// Where it answered.
    public var address: String
    /// `max_slot_wal_keep_size` in its own words: `10GB`, or -1 where nothing bounds what slots hold back.
    public var slotKeepSize: String
    /// `synchronous_standby_names`: whom its commits wait for.
    public var synchronousNames: String
    /// Whether the slot goes with the connection; nil where none is used.
    public var slotIsTemporary: Bool?
    /// WAL that the slot keeps there and that was not received yet, in bytes.
    public var held: UInt64
    /// When it told that; nil for what an earlier version wrote down.
    public var at: PostgresTimestamp?

    public init(
        address: String, slotKeepSize: String, synchronousNames: String, slotIsTemporary: Bool?, held: UInt64
    ) {
        self.address = address
        self.slotKeepSize = slotKeepSize
        self.synchronousNames = synchronousNames
        self.slotIsTemporary = slotIsTemporary
        self.held = held
    }

    var json: JSONValue {
        var object: JSONObject = [
            "address": .string(address), "slotKeepSize": .string(slotKeepSize),
            "synchronousNames": .string(synchronousNames),
            "held": .integer(Int64(clamping: held)),
        ]
        if let slotIsTemporary { object["slotIsTemporary"] = .bool(slotIsTemporary) }
        if let at { object["at"] = .integer(at.microseconds) }
        return .object(object)
    }

    /// Nil for what is none: then nothing is known.
    init?(_ json: JSONValue) {
        guard let address = json["address"]?.string, let slotKeepSize = json["slotKeepSize"]?.string,
            let synchronousNames = json["synchronousNames"]?.string,
            let held = json["held"]?.integer.flatMap({ UInt64(exactly: $0) })
        else { return nil }
        self.init(
            address: address, slotKeepSize: slotKeepSize, synchronousNames: synchronousNames,
            slotIsTemporary: json["slotIsTemporary"]?.bool, held: held)
        at = json["at"]?.integer.map { PostgresTimestamp(microseconds: $0) }
    }
}

/// A slot that was made anew: from then on WAL is kept again.
public struct SlotRenewal: Hashable, Sendable {
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// It held back more than it may, and was given up from here.
        case limit = "Limit"
        /// The source gave it up: it held back more than the source allows, or was idle for too long.
        case source = "Source"
        /// It was not there: somebody dropped it, or another server is the primary now.
        case missing = "Missing"
    }

    public var at: PostgresTimestamp
    public var reason: Reason

    public init(at: PostgresTimestamp, reason: Reason) {
        self.at = at
        self.reason = reason
    }

    var json: JSONValue { ["at": .integer(at.microseconds), "reason": .string(reason.rawValue)] }

    init?(_ json: JSONValue) {
        guard let at = json["at"]?.integer,
            let reason = json["reason"]?.string.flatMap({ Reason(rawValue: $0) })
        else { return nil }
        self.init(at: PostgresTimestamp(microseconds: at), reason: reason)
    }
}
