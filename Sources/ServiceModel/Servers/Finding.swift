/// What was found where somebody else's was looked at: a server to attach, a backup to open.
public struct Finding: Hashable, Sendable {
    public enum Level: String, Hashable, Sendable {
        case ok, warning, problem
    }

    public var level: Level
    public var subject: String
    public var message: String
    /// What to do, for anything but `ok`.
    public var remedy: String?

    public init(_ level: Level, _ subject: String, _ message: String, remedy: String? = nil) {
        self.level = level
        self.subject = subject
        self.message = message
        self.remedy = remedy
    }
}
