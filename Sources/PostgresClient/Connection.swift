import CLibPQ
public import Platform

/// A connection to one database, used by one thread at a time. Calls block until PostgreSQL has answered.
public final class Connection {
    private let libpq: LibPQ

    /// Why the last statement was refused; nil after one that was not.
    public var lastFailure: QueryFailure? { libpq.lastFailure }

    /// False once closed, and after a statement found the connection broken.
    public var isOpen: Bool { libpq.isOpen }

    /// Throws `.queryFailed` with libpq's or the server's own words.
    public init(_ parameters: ConnectionParameters) throws(Problem) {
        libpq = try LibPQ(parameters)
    }

    /// Asks whether a server takes connections there, without opening one.
    public static func ping(_ parameters: ConnectionParameters) -> ServerAnswer { LibPQ.ping(parameters) }

    /// Runs one statement. Parameters are `$1`, `$2`, … in text form, nil for NULL.
    @discardableResult
    public func query(_ sql: String, _ parameters: [String?] = []) throws(Problem) -> Rows {
        try libpq.query(sql, parameters)
    }

    /// Runs one or several statements and forgets what they return; several are one transaction unless they
    /// begin and end transactions themselves.
    public func execute(_ sql: String) throws(Problem) {
        ChangeFaults.willChange()
        _ = try libpq.simpleQuery(sql)
    }

    /// Runs `body` between BEGIN and COMMIT, and rolls back when it throws.
    public func transaction<Result>(_ body: () throws(Problem) -> Result) throws(Problem) -> Result {
        try execute("BEGIN")
        let result: Result
        do {
            result = try body()
        } catch {
            let failure = lastFailure
            try? execute("ROLLBACK")
            libpq.remember(failure)
            throw error
        }
        try execute("COMMIT")
        return result
    }

    /// Runs `COPY … TO STDOUT` and hands over what it sends, a row at a time, in its own format: memory
    /// holds one row, however many there are.
    ///
    /// Called off, or when `body` throws, the server is asked to stop and the connection can be used again.
    ///
    /// - Returns: the number of rows. Throws `.queryFailed`, `.canceled`, or what `body` throws.
    public func copyOut(
        _ sql: String, cancellation: CancellationFlag,
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) -> UInt64 {
        try libpq.copyOut(sql, cancellation, body)
    }

    /// The SCRAM-SHA-256 verifier of a password, with a new salt: what a statement may carry and a log may
    /// show.
    public func scramVerifier(password: String, user: String) throws(Problem) -> String {
        guard let text = PQencryptPasswordConn(try libpq.open(), password, user, "scram-sha-256") else {
            throw Problem(.queryFailed, "cannot make a SCRAM verifier")
        }
        defer { PQfreemem(text) }
        return String(cString: text)
    }

    /// Ends the session. A second call does nothing.
    public func close() {
        libpq.close()
    }
}
