public import Platform
public import PostgresFormat

/// One message of a stream of WAL, as a walsender sends it.
public struct WALStreamMessage {
    public enum Kind {
        /// WAL that begins at `start`.
        case wal(start: LSN, bytes: UnsafeRawBufferPointer)
        /// Nothing but a sign of life.
        case keepalive(wantsReply: Bool)
    }

    public let kind: Kind
    /// How far the server had flushed (with WAL) or sent (without) when it made the message.
    public let serverEnd: LSN
    /// The server's clock when it sent the message.
    public let sentAt: PostgresTimestamp

    /// Throws `.queryFailed` for what is no message of the protocol.
    public init(parsing raw: UnsafeRawBufferPointer) throws(Problem) {
        func integer(_ offset: Int) -> UInt64 {
            UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        switch raw.first {
        case UInt8(ascii: "w") where raw.count >= 25:
            kind = .wal(start: LSN(integer(1)), bytes: UnsafeRawBufferPointer(rebasing: raw[25...]))
            serverEnd = LSN(integer(9))
            sentAt = PostgresTimestamp(microseconds: Int64(bitPattern: integer(17)))
        case UInt8(ascii: "k") where raw.count == 18:
            kind = .keepalive(wantsReply: raw[17] == 1)
            serverEnd = LSN(integer(1))
            sentAt = PostgresTimestamp(microseconds: Int64(bitPattern: integer(9)))
        default:
            throw Problem(.queryFailed, "the server sent a broken message in the WAL stream")
        }
    }
}

/// What a standby tells its server of how far it is.
public struct StandbyStatus: Sendable, Hashable {
    public var written: LSN
    /// On this machine's disk: the server may forget WAL before it.
    public var flushed: LSN
    /// Asks for an answer at once.
    public var wantsReply: Bool

    public init(written: LSN, flushed: LSN, wantsReply: Bool) {
        self.written = written
        self.flushed = flushed
        self.wantsReply = wantsReply
    }

    /// The message's bytes. Nothing is ever applied here: that position stays zero.
    public func encoded(at time: PostgresTimestamp) -> [UInt8] {
        var message: [UInt8] = [UInt8(ascii: "r")]
        for value in [written.rawValue, flushed.rawValue, 0, UInt64(bitPattern: time.microseconds)] {
            withUnsafeBytes(of: value.bigEndian) { message.append(contentsOf: $0) }
        }
        message.append(wantsReply ? 1 : 0)
        return message
    }
}
