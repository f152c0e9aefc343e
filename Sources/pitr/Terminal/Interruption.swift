import Glibc
import Platform
import Synchronization

/// Ctrl-C and a polite kill: the first asks the running work to stop and clean up, the second ends at once.
enum Interruption {
    /// Raised by the first signal.
    static let flag = CancellationFlag()
    private static let count = Atomic<Int>(0)

    /// Handlers, not blocked or ignored signals: children get the default again when they are started.
    static func install() {
        // Handlers may only touch what exists already: Swift makes such values on first use, under a lock.
        _ = flag.isCancelled
        _ = count.load(ordering: .relaxed)
        handle(SIGINT) { _ in Interruption.interrupt() }
        handle(SIGTERM) { _ in Interruption.interrupt() }
        // A reader that goes away (`pitr list | head`) shows up as a failed write, which is no trouble.
        handle(SIGPIPE) { _ in }
    }

    private static func interrupt() {
        flag.cancel()
        if count.add(1, ordering: .relaxed).newValue > 1 {
            _exit(130)
        }
    }

    private static func handle(_ signal: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        action.sa_flags = SA_RESTART
        sigaction(signal, &action, nil)
    }

    /// Runs a question to the person, in which Ctrl-C simply ends the program.
    static func whileAsking<Answer>(_ body: () -> Answer) -> Answer {
        signal(SIGINT, SIG_DFL)
        defer { handle(SIGINT) { _ in Interruption.interrupt() } }
        return body()
    }
}
