import CLibPQ
#if canImport(Glibc)
    import Glibc
#endif
public import Platform
public import PostgresFormat

/// What `IDENTIFY_SYSTEM` tells.
public struct SystemIdentity: Sendable, Hashable {
    public let systemIdentifier: UInt64
    public let timeline: TimelineID
    /// WAL is flushed up to here.
    public let flushLSN: LSN
}

/// A physical replication connection without a slot: reads WAL, leaves nothing behind on the server.
public final class ReplicationConnection {
    let libpq: LibPQ
    /// A server that promised WAL and sends nothing for that long is taken for dead.
    private static let secondsWithoutWAL = 60.0

    /// The operating system finds out within half a minute that a server is gone, also where a reply is
    /// awaited for which there is no other limit. A Unix socket takes no notice.
    private static let signsOfLife = [
        ("keepalives", "1"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
        ("keepalives_count", "4"), ("tcp_user_timeout", "30000"),
    ]

    /// Why the last command was refused; nil after one that was not.
    public var lastFailure: QueryFailure? { libpq.lastFailure }

    /// The role needs REPLICATION. The database of the parameters is not looked at.
    public init(_ parameters: ConnectionParameters) throws(Problem) {
        libpq = try LibPQ(parameters, adding: [("replication", "true")] + Self.signsOfLife)
    }

    public func close() {
        libpq.close()
    }

    public func identifySystem() throws(Problem) -> SystemIdentity {
        let rows = try libpq.simpleQuery("IDENTIFY_SYSTEM")
        guard let identifier = rows[0, "systemid"].flatMap({ UInt64($0) }),
            let timeline = rows[0, "timeline"].flatMap({ UInt32($0) }),
            let flush = rows[0, "xlogpos"].flatMap({ LSN($0) })
        else { throw Problem(.queryFailed, "the server does not say what system it is") }
        guard flush.isPlausible else {
            throw Problem(.queryFailed, "the server says that it is at \(flush), where no server can be")
        }
        return SystemIdentity(
            systemIdentifier: identifier, timeline: TimelineID(timeline), flushLSN: flush)
    }

    /// The text of a timeline's history file. Timeline 1 has none.
    public func timelineHistory(_ timeline: TimelineID) throws(Problem) -> String {
        let rows = try libpq.simpleQuery("TIMELINE_HISTORY \(timeline)")
        guard let text = rows[0, "content"] else {
            throw Problem(.queryFailed, "the server sends no history of timeline \(timeline)")
        }
        return text
    }

    /// Reads the WAL from `start` up to, not including, the byte at `until`, in pieces of any length.
    ///
    /// `until` must not lie past what the server has flushed. The stream is ended in order, so the connection
    /// can be used again, also when `body` throws. No flush position is reported: a server that waits for
    /// synchronous standbys must not take this reader for one.
    public func streamWAL(
        from start: LSN, timeline: TimelineID, until: LSN,
        _ body: (LSN, UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) {
        guard start < until else { return }
        try libpq.startCopy("START_REPLICATION PHYSICAL \(start) TIMELINE \(timeline)")
        var position = start
        do throws(Problem) {
            while position < until {
                guard let message = try nextMessage() else {
                    throw try earlyEnd(at: position, before: until)
                }
                defer { message.free() }
                try handle(message, &position, until: until, body)
            }
        } catch {
            let failure = lastFailure
            try? finish(at: position)
            libpq.remember(failure)
            throw error
        }
        try finish(at: position)
    }

    /// Why the server ended the stream by itself: an error that it sent, or the end of a timeline.
    private func earlyEnd(at position: LSN, before until: LSN) throws(Problem) -> Problem {
        let result = PQgetResult(try libpq.open())
        defer { PQclear(result) }
        if PQresultStatus(result) == PGRES_FATAL_ERROR { return libpq.failure(of: result) }
        return Problem(
            .queryFailed, "the server ended the WAL stream early",
            detail: "it stopped at \(position), before \(until)")
    }

    private func handle(
        _ message: Message, _ position: inout LSN, until: LSN,
        _ body: (LSN, UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) {
        switch message.kind {
        case UInt8(ascii: "w"):
            guard let start = message.integer(at: 1), let bytes = message.bytes(from: 25) else {
                throw Problem(.queryFailed, "the server sent a broken WAL message")
            }
            guard LSN(start) == position else {
                throw Problem(
                    .queryFailed, "the server skipped WAL",
                    detail: "it sent \(LSN(start)) where \(position) follows")
            }
            let wanted = min(UInt64(bytes.count), until.distance(from: position))
            try body(position, UnsafeRawBufferPointer(rebasing: bytes[..<Int(wanted)]))
            position = position.advanced(by: wanted)
        case UInt8(ascii: "k"):
            if message.byte(at: 17) == 1 { try reply(at: position) }
        default:
            throw Problem(.queryFailed, "the server sent an unknown message in the WAL stream")
        }
    }

    /// The next piece of the stream, or nil when the server ended it.
    private func nextMessage() throws(Problem) -> Message? {
        let handle = try libpq.open()
        let watch = Stopwatch()
        while true {
            switch try libpq.copyPiece() {
            case .message(let memory, let count): return Message(memory: memory, count: count)
            case .end: return nil
            case .nothing: break
            }
            guard watch.seconds < Self.secondsWithoutWAL else {
                throw Problem(
                    .queryFailed, "the server sent no WAL for \(Int(Self.secondsWithoutWAL)) seconds")
            }
            // Never for long: of what a library for TLS holds already the socket shows nothing.
            var watched = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            poll(&watched, 1, 100)
        }
    }

    /// A standby status update with nothing but a write position.
    private func reply(at position: LSN) throws(Problem) {
        var message: [UInt8] = [UInt8(ascii: "r")]
        for value in [position.rawValue, 0, 0, 0] {
            withUnsafeBytes(of: value.bigEndian) { message.append(contentsOf: $0) }
        }
        message.append(0)
        let handle = try libpq.open()
        let sent = message.withUnsafeBytes { bytes in
            PQputCopyData(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
        }
        guard sent == 1, PQflush(handle) == 0 else { throw libpq.failure(of: nil) }
    }

    /// Ends the stream on our side and reads what is still on its way.
    func finish(at position: LSN) throws(Problem) {
        let handle = try libpq.open()
        if PQputCopyEnd(handle, nil) == 1, PQflush(handle) == 0 {
            while let message = try nextMessage() { message.free() }
        }
        while let result = PQgetResult(handle) {
            defer { PQclear(result) }
            let status = PQresultStatus(result)
            if status == PGRES_COPY_BOTH || status == PGRES_COPY_IN || status == PGRES_COPY_OUT {
                // Only a broken connection stays in copy mode here; asking again would never end.
                throw libpq.failure(of: nil)
            }
            try libpq.check(result, accepting: [PGRES_COMMAND_OK, PGRES_TUPLES_OK])
        }
    }
}

/// One message of the stream, in libpq's memory.
private struct Message {
    let memory: UnsafeMutablePointer<CChar>
    let count: Int

    private var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    var kind: UInt8 { raw[0] }

    func byte(at offset: Int) -> UInt8? {
        offset < count ? raw[offset] : nil
    }

    func integer(at offset: Int) -> UInt64? {
        guard offset + 8 <= count else { return nil }
        return UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    func bytes(from offset: Int) -> UnsafeRawBufferPointer? {
        guard offset <= count else { return nil }
        return UnsafeRawBufferPointer(rebasing: raw[offset...])
    }

    func free() {
        PQfreemem(memory)
    }
}
