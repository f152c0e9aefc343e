import CLibPQ
#if canImport(Glibc)
    import Glibc
#endif
public import Platform

/// Runs a person's SQL: several statements, any results, stopped when the person calls it off.
public final class ScriptRunner {
    private let libpq: LibPQ
    private let cancellation: CancellationFlag

    /// - Parameter variables: of the environment, which would lead libpq elsewhere; its others count.
    public init(
        _ parameters: ConnectionParameters, clearing variables: [String], cancellation: CancellationFlag
    ) throws(Problem) {
        for name in variables { unsetenv(name) }
        self.cancellation = cancellation
        libpq = try LibPQ(
            parameters,
            passwordHint: "Give the password with --admin-password-file, in PGPASSWORD or in ~/.pgpass.")
    }

    /// Of the last message's first statement that was refused; nil where none was. The ROLLBACK behind it
    /// does not count.
    public private(set) var lastFailure: QueryFailure?

    public func close() { libpq.close() }

    /// All statements as one message: one transaction, unless they begin and end transactions themselves.
    public func run(_ sql: String) throws(Problem) -> [StatementResult] { try send(sql, firstLine: 1) }

    /// The statements between BEGIN and COMMIT.
    public func runAsTransaction(_ sql: String) throws(Problem) -> [StatementResult] {
        _ = try send("BEGIN", firstLine: nil)
        let results: [StatementResult]
        do {
            results = try send(sql, firstLine: 1)
        } catch {
            guard libpq.isOpen, try libpq.transactionStatus() == PQTRANS_IDLE else {
                _ = try? libpq.simpleQuery("ROLLBACK")
                throw error
            }
            throw Self.endedEarly(error)
        }
        // A script with a COMMIT of its own has none left to end.
        if try libpq.transactionStatus() != PQTRANS_IDLE { _ = try send("COMMIT", firstLine: nil) }
        return results
    }

    /// One statement after the other, each by itself; the first that fails is the last.
    public func runEach(_ sql: String) throws(Problem) -> [StatementResult] {
        var results: [StatementResult] = []
        for statement in SQLStatements.split(sql) {
            results += try send(statement.text, firstLine: statement.line)
        }
        return results
    }

    private static func endedEarly(_ problem: Problem) -> Problem {
        var problem = problem
        let words = "the script had ended the transaction itself: what it committed has stayed"
        problem.detail = [problem.detail, words].compactMap { $0 }.joined(separator: "\n")
        return problem
    }

    // MARK: One message

    private func send(_ sql: String, firstLine: Int?) throws(Problem) -> [StatementResult] {
        lastFailure = nil
        let handle = try libpq.open()
        guard !sql.utf8.contains(0) else {
            throw Problem(.queryFailed, "the SQL holds a zero byte, which PostgreSQL cannot take")
        }
        guard PQsendQuery(handle, sql) == 1 else { throw libpq.failure(of: nil) }
        var results: [StatementResult] = []
        var first: Problem?
        while let result = try nextResult(handle) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK: results.append(StatementResult(result))
            case PGRES_EMPTY_QUERY: break
            case PGRES_COPY_IN:
                PQputCopyEnd(handle, "there is no data for it here")
                first =
                    first ?? Self.copyRefused(line: line(of: results.count, in: sql, firstLine: firstLine))
            case PGRES_COPY_OUT:
                try drain(handle)
                first =
                    first ?? Self.copyRefused(line: line(of: results.count, in: sql, firstLine: firstLine))
            default:
                let problem = refusal(result, sql, firstLine: firstLine, done: results.count)
                if first == nil { (first, lastFailure) = (problem, libpq.lastFailure) }
            }
        }
        if let first { throw first }
        return results
    }

    private static func copyRefused(line: Int?) -> Problem {
        Problem(
            .queryFailed, "COPY from standard input or to standard output is not possible here",
            detail: line.map { "in the statement that begins in line \($0)" },
            hint: "psql can do it: pitr connect -n NAME -- -f FILE.")
    }

    /// The next result of what was sent; nil after the last. Asks PostgreSQL to stop when called off.
    private func nextResult(_ handle: OpaquePointer) throws(Problem) -> OpaquePointer? {
        var isStopping = false
        while PQisBusy(handle) == 1 {
            if cancellation.isCancelled && !isStopping {
                isStopping = true
                libpq.stop()
            }
            var ready = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            poll(&ready, 1, 100)
            guard ready.revents == 0 || PQconsumeInput(handle) == 1 else { throw libpq.failure(of: nil) }
        }
        return PQgetResult(handle)
    }

    private func drain(_ handle: OpaquePointer) throws(Problem) {
        var data: UnsafeMutablePointer<CChar>?
        libpq.stop()
        while PQgetCopyData(handle, &data, 0) > 0 { PQfreemem(data) }
    }

    /// Where the statement behind so many that were done begins; nil in a text of one line, and where it is
    /// not told apart as PostgreSQL does it.
    private func line(of done: Int, in sql: String, firstLine: Int?) -> Int? {
        guard let firstLine, sql.contains("\n") || firstLine > 1 else { return nil }
        let statements = SQLStatements.split(sql)
        return done < statements.count ? firstLine - 1 + statements[done].line : nil
    }

    /// - Parameter done: how many statements of the text were done before.
    private func refusal(
        _ result: OpaquePointer, _ sql: String, firstLine: Int?, done: Int
    ) -> Problem {
        var problem = libpq.failure(of: result)
        guard let failure = libpq.lastFailure, !failure.sqlState.isEmpty else { return problem }
        problem.message += " (SQLSTATE \(failure.sqlState))"
        if let firstLine, let place = PQresultErrorField(result, Int32(UInt8(ascii: "P"))),
            let position = Int(String(cString: place)), sql.contains("\n") || firstLine > 1
        {
            let before = sql.unicodeScalars.prefix(position - 1).filter { $0 == "\n" }.count
            problem.detail = [problem.detail, "in line \(firstLine + before)"].compactMap { $0 }
                .joined(separator: "\n")
        } else if let line = line(of: done, in: sql, firstLine: firstLine) {
            // What PostgreSQL refuses while it works has no position.
            problem.detail = [problem.detail, "in the statement that begins in line \(line)"].compactMap {
                $0
            }
            .joined(separator: "\n")
        }
        if failure.sqlState == "42601", problem.hint == nil, sql.hasPrefix("\\") || sql.contains("\n\\") {
            problem.hint = "A line that begins with a backslash is for psql: pitr connect -n NAME -- -f FILE."
        }
        return problem
    }
}
