/// Lines of the daemon, for whoever runs it.
public struct DaemonLog: Sendable {
    private let write: @Sendable (String) -> Void
    private let isVerbose: Bool

    /// - Parameter write: takes one line without its end.
    public init(isVerbose: Bool, write: @escaping @Sendable (String) -> Void) {
        self.isVerbose = isVerbose
        self.write = write
    }

    func note(_ text: String) { write(text) }

    func error(_ text: String) { write("ERROR: " + text) }

    /// Only when one wants to see every request.
    func detail(_ text: String) {
        if isVerbose { write(text) }
    }
}
