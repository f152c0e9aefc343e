public import Platform
public import PostgresFormat

/// The name of a replication slot: 1 to 63 small letters, digits and underscores.
public struct SlotName: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    /// Nil for a name that PostgreSQL does not take.
    public init?(_ text: String) {
        let allowed = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
        }
        guard (1...63).contains(text.utf8.count), allowed else { return nil }
        description = text
    }
}

/// How long a slot holds WAL back.
public enum SlotLifetime: Sendable, Hashable {
    /// Until somebody drops it.
    case permanent
    /// As long as the connection that made it.
    case temporary
}

extension ReplicationConnection {
    /// Makes a physical slot that keeps WAL from this moment on.
    public func createSlot(_ name: SlotName, _ lifetime: SlotLifetime) throws(Problem) {
        let kind = lifetime == .temporary ? "TEMPORARY PHYSICAL" : "PHYSICAL"
        _ = try libpq.simpleQuery("CREATE_REPLICATION_SLOT \(name) \(kind) RESERVE_WAL")
    }

    /// Drops a slot. Throws `.queryFailed` where it is in use or is none.
    public func dropSlot(_ name: SlotName) throws(Problem) {
        _ = try libpq.simpleQuery("DROP_REPLICATION_SLOT \(name)")
    }

    /// Where a physical slot keeps WAL from: nil where there is no such slot; zero where it keeps none, as
    /// after it was invalidated.
    public func slotRestart(_ name: SlotName) throws(Problem) -> LSN? {
        let rows = try libpq.simpleQuery("READ_REPLICATION_SLOT \(name)")
        guard rows[0, "slot_type"] != nil else { return nil }
        return rows[0, "restart_lsn"].flatMap { LSN($0) } ?? .zero
    }

    /// The value of a setting as `SHOW` has it.
    public func show(_ setting: String) throws(Problem) -> String {
        let rows = try libpq.simpleQuery("SHOW \(SQLText.identifier(setting))")
        guard let value = rows.scalar else {
            throw Problem(.queryFailed, "the server does not tell its setting '\(setting)'")
        }
        return value
    }
}
