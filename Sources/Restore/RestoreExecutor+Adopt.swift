import Instance
import Platform

/// Adopt: a cluster that somebody else made gets the tool's own superuser.
extension RestoreExecutor {
    private static let secondsToStart = 120.0

    /// Nobody knows the name of its first superuser, and nobody need: PostgreSQL alone with the files,
    /// without any session, works as that one. No trigger of the source fires there.
    ///
    /// To be called after recovery; the server is running again on return.
    ///
    /// - Parameter flushing: begins to flush the copy; nil for one that is never flushed.
    func adopt(_ flushing: AwaitedWork?) throws(Problem) {
        let server = job.recovering
        try server.stop(.fast)
        // All that was replayed has left the server's memory: most of it is on the disk when the last step's
        // flush begins. That one is not told again what failed in this one. Where there is no thread, it
        // does it all.
        let executor = self
        flushing?.begin { () throws(Problem) in try executor.flush() }
        let role = server.paths.superuser
        // One statement a line. Where the role is there already, whoever had it has it no more.
        let statements = [
            "CREATE ROLE \(role)", "ALTER ROLE \(role) SUPERUSER LOGIN PASSWORD NULL VALID UNTIL 'infinity'",
            "ALTER ROLE \(role) RESET ALL",
        ]
        try job.runner.runChecked(
            Command(
                job.installation.tool("postgres"),
                ["--single", "-D", job.recoveryConfiguration, "template1"], workingDirectory: "/",
                standardInput: statements.joined(separator: "\n") + "\n",
                timeoutSeconds: 300))
        let pid = try server.launch()
        let watch = Stopwatch()
        while !server.saysReady(pid) {
            try job.cancellation.check()
            guard !ChildProcess.hasEnded(pid), watch.seconds < Self.secondsToStart else {
                throw Problem(
                    .recoveryFailed, "the copy does not start with the tool's own superuser",
                    detail: server.lastLogLines(5).joined(separator: "\n"))
            }
            Pause.milliseconds(5)
        }
    }
}
