import CLibPQ
#if canImport(Glibc)
    import Glibc
#endif
import Platform

/// One libpq connection: opened, asked, closed. What both kinds of connection share.
final class LibPQ {
    private var handle: OpaquePointer?
    private(set) var lastFailure: QueryFailure?
    /// `host:port` or the socket directory, for messages.
    private let place: String

    /// - Parameter passwordHint: what to do when the server wants a password and there is none.
    init(
        _ parameters: ConnectionParameters, adding extra: [(String, String)] = [],
        passwordHint: String? = nil
    ) throws(Problem) {
        place = parameters.addresses.map { $0.host.hasPrefix("/") ? $0.host : "\($0)" }
            .joined(separator: ", ")
        let pairs = parameters.keywords(adding: extra)
        handle = Self.withCStrings(pairs.map(\.0)) { keywords in
            Self.withCStrings(pairs.map(\.1)) { values in
                PQconnectdbParams(keywords, values, 0)
            }
        }
        guard let handle else { throw Problem(.system, "out of memory for a connection") }
        guard PQstatus(handle) == CONNECTION_OK else {
            let words = Self.trimmed(Self.text(PQerrorMessage(handle)))
            let lacksPassword = PQconnectionNeedsPassword(handle) == 1
            PQfinish(handle)
            self.handle = nil
            throw Problem(
                .queryFailed, "cannot connect to \(place)", detail: words,
                hint: lacksPassword ? passwordHint : nil)
        }
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
    }

    /// Whether a server takes connections there, by its own answer and not by the words of an error.
    static func ping(_ parameters: ConnectionParameters) -> ServerAnswer {
        let pairs = parameters.keywords(adding: [])
        let status = withCStrings(pairs.map(\.0)) { keywords in
            withCStrings(pairs.map(\.1)) { values in PQpingParams(keywords, values, 0) }
        }
        return switch status {
        case PQPING_OK: .accepts
        case PQPING_REJECT: .rejects
        default: .silent
        }
    }

    deinit { close() }

    func close() {
        if let handle { PQfinish(handle) }
        handle = nil
    }

    /// The open handle; a closed connection is an error, not a crash.
    func open() throws(Problem) -> OpaquePointer {
        guard let handle else { throw Problem(.queryFailed, "the connection to \(place) is closed") }
        return handle
    }

    /// Whether the session is in a transaction, as libpq has it from the server's last answer.
    func transactionStatus() throws(Problem) -> PGTransactionStatusType { PQtransactionStatus(try open()) }

    var isOpen: Bool { handle.map { PQstatus($0) == CONNECTION_OK } ?? false }

    /// One statement with parameters in text form.
    func query(_ sql: String, _ parameters: [String?]) throws(Problem) -> Rows {
        let handle = try open()
        try refuseZeroBytes([sql] + parameters)
        let result = Self.withCStrings(parameters) { values in
            PQexecParams(handle, sql, Int32(parameters.count), nil, values, nil, nil, 0)
        }
        defer { PQclear(result) }
        try check(result, accepting: [PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY])
        return Self.rows(result)
    }

    /// Statements without parameters, in one implicit transaction unless they say otherwise.
    func simpleQuery(_ sql: String) throws(Problem) -> Rows {
        try refuseZeroBytes([sql])
        let result = PQexec(try open(), sql)
        defer { PQclear(result) }
        try check(result, accepting: [PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY])
        return Self.rows(result)
    }

    /// The server would see only what stands before a zero byte.
    func refuseZeroBytes(_ texts: [String?]) throws(Problem) {
        guard texts.allSatisfy({ $0?.utf8.contains(0) != true }) else {
            throw Problem(
                .queryFailed, "a statement or a value holds a zero byte, which PostgreSQL cannot take")
        }
    }

    /// Starts a copy in both directions.
    func startCopy(_ command: String) throws(Problem) {
        let result = PQexec(try open(), command)
        defer { PQclear(result) }
        try check(result, accepting: [PGRES_COPY_BOTH])
    }

    /// Puts back what a clean-up statement has overwritten.
    func remember(_ failure: QueryFailure?) {
        lastFailure = failure
    }

    func check(_ result: OpaquePointer?, accepting: [ExecStatusType]) throws(Problem) {
        guard accepting.contains(PQresultStatus(result)) else { throw failure(of: result) }
        lastFailure = nil
    }

    /// Remembers what went wrong and puts it into words.
    func failure(of result: OpaquePointer?) -> Problem {
        func field(_ code: UnicodeScalar) -> String? {
            PQresultErrorField(result, Int32(code.value)).map { Self.text($0) }
        }
        let primary = field("M")
        let message =
            primary ?? handle.map { Self.trimmed(Self.text(PQerrorMessage($0))) } ?? "unknown failure"
        let failure = QueryFailure(
            sqlState: field("C") ?? "", message: message, detail: field("D"), hint: field("H"))
        lastFailure = failure
        return Problem(
            .queryFailed,
            primary == nil ? "the connection to \(place) broke" : "PostgreSQL refused a statement",
            detail: [failure.message, failure.detail].compactMap { $0 }.joined(separator: "\n"),
            hint: failure.hint)
    }

    private static func rows(_ result: OpaquePointer?) -> Rows {
        let columns = (0..<PQnfields(result)).map { text(PQfname(result, $0)) }
        let rows = (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                PQgetisnull(result, row, column) == 1 ? nil : text(PQgetvalue(result, row, column))
            }
        }
        return Rows(columns: columns, rows: rows)
    }

    /// Messages of the connection itself end with a line end.
    private static func trimmed(_ text: String) -> String {
        guard let last = text.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(text[...last])
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        guard let pointer else { return "" }
        return String(cString: pointer)
    }

    static func withCStrings<Result>(
        _ strings: [String?], _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { $0.flatMap { strdup($0) } }
        defer { copies.forEach { free($0) } }
        return body(copies.map { UnsafePointer($0) } + [nil])
    }
}
