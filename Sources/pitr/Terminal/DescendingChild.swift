import Foundation
import Glibc
import Platform

/// The same command once more, in a process that may become the servers' account: this one stays who called,
/// and can remove from the caller's folder what it made there.
enum DescendingChild {
    /// Where the child finds the first descriptor that it was given; the others follow.
    static let firstDescriptor: Int32 = 100

    /// Runs it to its end; what it prints goes where this process prints.
    ///
    /// - Parameters:
    ///   - command: the word behind which the flag is put.
    ///   - flag: tells the child what it is.
    ///
    /// Throws `ToldFailure` where it failed.
    static func run(_ command: String, flag: String, descriptors: [Int32]) throws {
        var words = CommandLine.arguments
        guard let program = DurableFiles.linkTarget("/proc/self/exe"),
            let place = words.firstIndex(of: command)
        else { throw Problem(.system, "cannot tell where the running program lies") }
        words.insert(flag, at: place + 1)
        let pid = try spawn(program, words, descriptors)
        var status: Int32 = 0
        var isAsked = false
        while true {
            let ended = waitpid(pid, &status, WNOHANG)
            if ended == pid { break }
            guard ended == 0 || errno == EINTR else {
                throw Problem(
                    .system, "it is not known how '\(command)' ended",
                    detail: String(cString: strerror(errno)))
            }
            if Interruption.flag.isCancelled, !isAsked {
                isAsked = true
                kill(pid, SIGTERM)
            }
            Pause.milliseconds(5)
        }
        let signal = status & 0x7F
        let exitStatus = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
        guard exitStatus == 0 else { throw ToldFailure(exitStatus: exitStatus) }
    }

    /// `POSIX_SPAWN_SETSID`, which the C headers have for GNU's own programs only.
    private static let newSession: Int32 = 0x80

    /// In a group of its own: Ctrl-C at a terminal reaches this process alone, which passes it on once.
    ///
    /// - Parameters:
    ///   - environment: nil is this process's own.
    ///   - isDetached: in a session of its own as well, which has no terminal.
    static func spawn(
        _ program: String, _ words: [String], _ descriptors: [Int32],
        environment given: [String: String]? = nil,
        isDetached: Bool = false
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (place, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, firstDescriptor + Int32(place))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A session of its own has a group of its own, too.
        let flags = isDetached ? newSession : POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        if !isDetached { posix_spawnattr_setpgroup(&attributes, 0) }
        let known = given ?? ProcessInfo.processInfo.environment
        let variables = known.map { "\($0.key)=\($0.value)" }
        let arguments = words.map { strdup($0) } + [nil]
        let environment = variables.map { strdup($0) } + [nil]
        defer { (arguments + environment).forEach { free($0) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, program, &actions, &attributes, arguments, environment)
        guard failure == 0 else {
            throw Problem(.system, "cannot run \(program)", detail: String(cString: strerror(failure)))
        }
        return pid
    }
}
