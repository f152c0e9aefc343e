#if canImport(Glibc)
    import Glibc
#endif
public import Platform

/// Runs commands as the account that may run PostgreSQL: through `setpriv` when the tests run as root,
/// directly otherwise.
public struct RunAs: CommandRunner {
    private let prefix: [String]
    private let system = SystemCommands()

    /// The account that servers of the tests belong to.
    public static let account: String = getuid() == 0 ? "postgres" : userName()

    /// The service account when the tests run as root, else nobody but us.
    public init() {
        prefix =
            getuid() == 0
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] : []
    }

    public func run(_ command: Command) throws(Problem) -> CommandResult {
        try system.run(prefixed(command))
    }

    public func spawnDetached(_ command: Command, log: String) throws(Problem) -> Int32 {
        try system.spawnDetached(prefixed(command), log: log)
    }

    private func prefixed(_ command: Command) -> Command {
        guard let first = prefix.first else { return command }
        var result = command
        result.executable = first
        result.arguments = prefix.dropFirst() + [command.executable] + command.arguments
        return result
    }

    private static func userName() -> String {
        guard let entry = getpwuid(getuid()) else { return String(getuid()) }
        return String(cString: entry.pointee.pw_name)
    }

    /// Gives the path and all below it to the servers' account, when the tests run as root.
    public static func handOver(_ path: String) throws(Problem) {
        guard getuid() == 0 else { return }
        try SystemCommands().runChecked(Command("chown", ["-R", "postgres:postgres", path]))
    }
}
