import Glibc
import Platform
import Synchronization

/// Ctrl-C, a polite kill and a terminal that closes: the first asks the running work to stop and clean up, a
/// second Ctrl-C or kill ends at once and says what that leaves.
enum Interruption {
    /// Raised by the first signal.
    static let flag = CancellationFlag()
    private static let count = Atomic<Int>(0)
    /// The address of a text that is kept for as long as the process lives.
    private static let words = Atomic<UInt>(0)

    /// Handlers, not blocked or ignored signals: children get the default again when they are started.
    static func install() {
        // Handlers may only touch what exists already: Swift makes such values on first use, under a lock.
        _ = flag.isCancelled
        _ = count.load(ordering: .relaxed)
        setLastWords(afterwards: KilledCommand.standard)
        handle(SIGINT) { Interruption.interrupt($0) }
        handle(SIGTERM) { Interruption.interrupt($0) }
        hangUp { _ in Interruption.flag.cancel() }
        // A reader that goes away (`pitr list | head`) and a file that may not grow any more show up as
        // failed writes.
        handle(SIGPIPE) { _ in }
        handle(SIGXFSZ) { _ in }
    }

    /// Says beforehand what a command leaves that is ended by a second signal: then nothing can be composed.
    static func setLastWords(afterwards: KilledCommand) {
        let lineStart = StandardStream.error.isTerminal ? "\r\u{1B}[K" : ""
        let text = strdup(lineStart + Failure.text(afterwards.problem))
        words.store(UInt(bitPattern: text), ordering: .sequentiallyConsistent)
    }

    /// Only calls that a signal's handler may make.
    private static func interrupt(_ signal: Int32) {
        flag.cancel()
        guard count.add(1, ordering: .relaxed).newValue > 1 else { return }
        if let text = UnsafePointer<CChar>(bitPattern: words.load(ordering: .relaxed)) {
            _ = write(STDERR_FILENO, text, strlen(text))
        }
        _exit(128 + signal)
    }

    private static func handle(_ signal: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        action.sa_flags = SA_RESTART
        sigaction(signal, &action, nil)
    }

    /// A closed terminal ends a command, but not under nohup. It is never the second signal: a shell passes
    /// it on when the kernel has sent it already.
    private static func hangUp(_ handler: @escaping @convention(c) (Int32) -> Void) {
        var present = sigaction()
        sigaction(SIGHUP, nil, &present)
        // No Swift value can be compared with SIG_IGN, a function that is none.
        guard unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self) != 1 else { return }
        handle(SIGHUP, handler)
    }

    /// Runs a question to the person, in which a signal simply ends the program; nothing was done yet.
    ///
    /// Nil when one has come already.
    static func whileAsking<Answer>(_ body: () -> Answer?) -> Answer? {
        var ends = [SIGINT, SIGTERM]
        var present = sigaction()
        sigaction(SIGHUP, nil, &present)
        if unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self) != 1 { ends.append(SIGHUP) }
        var before = ends.map { _ in sigaction() }
        for (place, number) in ends.enumerated() {
            var action = sigaction()
            sigaction(number, &action, &before[place])
        }
        defer {
            for (place, number) in ends.enumerated() { sigaction(number, &before[place], nil) }
        }
        return flag.isCancelled ? nil : body()
    }
}
