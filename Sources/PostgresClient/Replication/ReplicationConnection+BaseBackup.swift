import CLibPQ
#if canImport(Glibc)
    import Glibc
#endif
public import Platform
import PostgresFormat

extension ReplicationConnection {
    /// Has the server send a base backup, and hands it over piece by piece.
    ///
    /// Called off, or when `body` throws, the connection is closed: the server forgets the backup then.
    /// Throws `.queryFailed` with the server's words, `.canceled`, and what `body` throws.
    public func baseBackup(
        _ command: BaseBackupCommand, cancellation: CancellationFlag,
        _ body: (BaseBackupMessage) throws(Problem) -> Void
    ) throws(Problem) {
        do throws(Problem) {
            try receiveBackup(command, cancellation, body)
        } catch {
            close()
            throw error
        }
    }

    private func receiveBackup(
        _ command: BaseBackupCommand, _ cancellation: CancellationFlag,
        _ body: (BaseBackupMessage) throws(Problem) -> Void
    ) throws(Problem) {
        let handle = try libpq.open()
        guard PQsendQuery(handle, command.text) == 1 else { throw libpq.failure(of: nil) }
        let (start, timeline) = try position(handle, cancellation)
        try body(.started(start, timeline))
        // The list of tablespaces: each comes with its archive as well.
        try takeResult(handle, cancellation, PGRES_TUPLES_OK) { (_) throws(Problem) in }
        try takeResult(handle, cancellation, PGRES_COPY_OUT) { (_) throws(Problem) in }
        while let message = try nextPiece(handle, cancellation) {
            defer { PQfreemem(message.memory) }
            try body(try Self.parse(UnsafeRawBufferPointer(start: message.memory, count: message.count)))
        }
        let (end, endTimeline) = try position(handle, cancellation)
        try takeResult(handle, cancellation, PGRES_COMMAND_OK) { (_) throws(Problem) in }
        while let rest = PQgetResult(handle) {
            defer { PQclear(rest) }
            try libpq.check(rest, accepting: [PGRES_COMMAND_OK])
        }
        try body(.ended(end, endTimeline))
    }

    private func position(
        _ handle: OpaquePointer, _ cancellation: CancellationFlag
    ) throws(Problem) -> (LSN, TimelineID) {
        var found: (LSN, TimelineID)?
        try takeResult(handle, cancellation, PGRES_TUPLES_OK) { (result) throws(Problem) in
            guard PQntuples(result) == 1, PQnfields(result) >= 2,
                let position = LSN(String(cString: PQgetvalue(result, 0, 0))), position.isPlausible,
                let timeline = UInt32(String(cString: PQgetvalue(result, 0, 1)))
            else { throw Self.brokenBackup("it does not tell a position") }
            found = (position, TimelineID(timeline))
        }
        guard let found else { throw Self.brokenBackup("it does not tell a position") }
        return found
    }

    private func takeResult(
        _ handle: OpaquePointer, _ cancellation: CancellationFlag, _ wanted: ExecStatusType,
        _ body: (OpaquePointer) throws(Problem) -> Void
    ) throws(Problem) {
        while PQisBusy(handle) == 1 { try awaitMore(handle, cancellation) }
        guard let result = PQgetResult(handle) else { throw Self.brokenBackup("it ends too early") }
        defer { PQclear(result) }
        try libpq.check(result, accepting: [wanted])
        try body(result)
    }

    private func nextPiece(
        _ handle: OpaquePointer, _ cancellation: CancellationFlag
    ) throws(Problem) -> (memory: UnsafeMutablePointer<CChar>, count: Int)? {
        while true {
            try cancellation.check()
            switch try libpq.copyPiece() {
            case .message(let memory, let count): return (memory, count)
            case .end: return nil
            case .nothing: try awaitMore(handle, cancellation)
            }
        }
    }

    private func awaitMore(_ handle: OpaquePointer, _ cancellation: CancellationFlag) throws(Problem) {
        try cancellation.check()
        var ready = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        poll(&ready, 1, 100)
        guard ready.revents == 0 || PQconsumeInput(handle) == 1 else { throw libpq.failure(of: nil) }
    }

    /// One message of the copy. Throws `.queryFailed` for what the protocol does not have.
    static func parse(_ raw: UnsafeRawBufferPointer) throws(Problem) -> BaseBackupMessage {
        switch raw.first {
        case UInt8(ascii: "d"): return .content(UnsafeRawBufferPointer(rebasing: raw[1...]))
        case UInt8(ascii: "p") where raw.count == 9:
            return .progress(UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 1, as: UInt64.self)))
        case UInt8(ascii: "m") where raw.count == 1: return .manifest
        case UInt8(ascii: "n"):
            let parts = raw[1...].split(separator: 0, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[2].isEmpty,
                let name = String(validating: parts[0], as: UTF8.self),
                let location = String(validating: parts[1], as: UTF8.self)
            else { throw brokenBackup("an archive's name cannot be read") }
            return .archive(name: name, location: location)
        default: throw brokenBackup("it has a message that the protocol does not know")
        }
    }

    static func brokenBackup(_ detail: String) -> Problem {
        Problem(.queryFailed, "the server sent a broken base backup", detail: detail)
    }
}
