import Glibc
import Platform

/// A file of the person's own that is filled with what the servers' account may read.
///
/// Root becomes that account for good and could then remove nothing from the person's directory any more.
/// So it stays root where it made a file: a child goes down, and what it leaves unfinished is removed.
enum FilledFile {
    /// - Parameters:
    ///   - path: of a file that is not there yet, of a pipe or a device; `-` is standard output.
    ///   - command: the same command, without its arguments.
    ///   - arguments: with standard output in the place of the file.
    ///   - write: what the command does.
    /// - Returns: whether it is a new file, to be read by whoever wants to tell what is in it.
    @discardableResult
    static func fill(
        _ path: String, _ session: Session, command: [String], arguments: [String],
        _ write: (Int32) throws -> Void
    ) throws -> Bool {
        let destination = try DestinationFile(path: path)
        defer { destination.close() }
        do {
            if destination.isNew, geteuid() == 0 {
                try runChild(command, arguments, session, into: destination.descriptor)
            } else {
                try write(destination.descriptor)
            }
            return destination.isNew
        } catch {
            if !destination.discard() { session.messages.warning("\(path) is left behind, empty") }
            throw error
        }
    }

    private static func runChild(
        _ command: [String], _ arguments: [String], _ session: Session, into descriptor: Int32
    ) throws {
        guard let program = DurableFiles.linkTarget("/proc/self/exe") else {
            throw Problem(.system, "cannot tell where the running program lies")
        }
        var words = [program] + command + ["--home", try session.home()]
        if session.options.verbose { words.append("--verbose") }
        if session.options.onlyShowErrors { words.append("--only-show-errors") }
        words += ["--"] + arguments
        // Not by its path, under which there may be another file by now.
        let script = "exec \"$0\" \"$@\" >/proc/\(getpid())/fd/\(descriptor)"
        let result = try SystemCommands().run(Command("/bin/sh", ["-c", script] + words))
        try Interruption.flag.check()
        StandardStream.error.say(result.standardError)
        guard result.succeeded else { throw ToldFailure(exitStatus: result.exitStatus) }
    }
}

/// What a child has said already.
struct ToldFailure: Error {
    var exitStatus: Int32
}
