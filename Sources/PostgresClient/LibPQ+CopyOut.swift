import CLibPQ
#if canImport(Glibc)
    import Glibc
#endif
import Platform

/// What has come of a copy from the server.
enum CopyPiece {
    /// A row or a message, in memory that whoever gets it has to free.
    case message(UnsafeMutablePointer<CChar>, count: Int)
    case end
    /// Nothing more so far.
    case nothing
}

extension LibPQ {
    /// Hands over what `COPY … TO STDOUT` sends, row by row; see `Connection.copyOut`.
    func copyOut(
        _ sql: String, _ cancellation: CancellationFlag,
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) -> UInt64 {
        let handle = try open()
        try refuseZeroBytes([sql])
        // The extended protocol takes one statement and no more.
        let begun = PQexecParams(handle, sql, 0, nil, nil, nil, nil, 0)
        defer { PQclear(begun) }
        try check(begun, accepting: [PGRES_COPY_OUT])
        defer { while let left = PQgetResult(handle) { PQclear(left) } }
        do throws(Problem) {
            try forEachCopyRow(handle, cancellation, body)
        } catch {
            stop()
            var rest: UnsafeMutablePointer<CChar>?
            while PQgetCopyData(handle, &rest, 0) > 0 { PQfreemem(rest) }
            throw error
        }
        let ended = PQgetResult(handle)
        defer { PQclear(ended) }
        try check(ended, accepting: [PGRES_COMMAND_OK])
        return UInt64(String(cString: PQcmdTuples(ended))) ?? 0
    }

    private func forEachCopyRow(
        _ handle: OpaquePointer, _ cancellation: CancellationFlag,
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) {
        while true {
            try cancellation.check()
            switch try copyPiece() {
            case .message(let row, let count):
                defer { PQfreemem(row) }
                try body(UnsafeRawBufferPointer(start: row, count: count))
            // Whether it is a good one, the result tells.
            case .end: return
            case .nothing:
                var ready = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
                poll(&ready, 1, 100)
                guard ready.revents == 0 || PQconsumeInput(handle) == 1 else { throw failure(of: nil) }
            }
        }
    }

    /// What has come of a copy. Never waits.
    ///
    /// It is read without asking first whether there is anything: while much comes there is, most of the
    /// time, and what a library for TLS holds already no socket shows.
    func copyPiece() throws(Problem) -> CopyPiece {
        let handle = try open()
        let piece = try readPiece(handle)
        guard case .nothing = piece else { return piece }
        guard PQconsumeInput(handle) == 1 else { throw failure(of: nil) }
        return try readPiece(handle)
    }

    private func readPiece(_ handle: OpaquePointer) throws(Problem) -> CopyPiece {
        var memory: UnsafeMutablePointer<CChar>?
        let count = PQgetCopyData(handle, &memory, 1)
        if count > 0, let memory { return .message(memory, count: Int(count)) }
        if count == -1 { return .end }
        guard count == 0 else { throw failure(of: nil) }
        return .nothing
    }

    /// Asks the server to stop what it does for this session.
    func stop() {
        guard let handle = try? open(), let cancel = PQgetCancel(handle) else { return }
        defer { PQfreeCancel(cancel) }
        var words = [CChar](repeating: 0, count: 256)
        PQcancel(cancel, &words, Int32(words.count))
    }
}
