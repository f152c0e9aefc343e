public import PostgresFormat

/// What a backup is going to be called.
public enum BackupNaming: Sendable, ExpressibleByStringLiteral {
    case given(String)
    /// Named for when it completed: the server's clock when the copy had ended, the descriptor's `stopTime`.
    case atCompletion(@Sendable (PostgresTimestamp) -> String)

    public init(stringLiteral value: String) { self = .given(value) }

    /// What the folder is called until the backup is complete; no other backup has it.
    var workingName: String {
        switch self {
        case .given(let name): name
        case .atCompletion: "automatic-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        }
    }

    func finalName(_ completed: PostgresTimestamp) -> String {
        switch self {
        case .given(let name): name
        case .atCompletion(let name): name(completed)
        }
    }
}
