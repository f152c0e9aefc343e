public import Notation
public import Platform
import PostgresFormat

/// How one run of `pitr` ended and what it said.
public struct ProductAnswer: Sendable, CustomStringConvertible {
    public let arguments: [String]
    public let exitStatus: Int32
    public let output: String
    public let errors: String

    init(arguments: [String], result: CommandResult) {
        self.arguments = arguments
        exitStatus = result.exitStatus
        output = result.standardOutput
        errors = result.standardError
    }

    public var description: String {
        "pitr \(arguments.joined(separator: " ")): exit status \(exitStatus)\n\(errors)\(output)"
    }

    /// Requires exit status 0.
    @discardableResult
    public func checked() throws(Problem) -> ProductAnswer {
        guard exitStatus == 0 else { throw Problem(.system, "the product failed", detail: description) }
        return self
    }

    /// Requires exit status 0 and returns the JSON that was printed; null when nothing was.
    public func value() throws(Problem) -> JSONValue {
        try checked()
        return try printed()
    }

    /// The JSON that was printed, whatever the exit status; null when nothing was.
    public func printed() throws(Problem) -> JSONValue {
        if output.isEmpty { return .null }
        do {
            return try JSONValue.parse(output)
        } catch {
            throw Problem(.system, "the product's output is no JSON (\(error))", detail: description)
        }
    }
}
