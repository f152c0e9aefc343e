public import Platform
import PostgresClient
import PostgresFormat

/// What pg_upgrade leaves to be done once the upgraded server runs.
extension PostgresInstance {
    /// Makes the planner's statistics that pg_upgrade did not take over, in every database of a running
    /// server.
    public func makeStatistics() throws(Problem) {
        // Nothing that is set for the server, a database or a role ends it or has it run anything.
        let own = try connectionParameters()
        let environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/",
            "PGOPTIONS": ConnectionParameters.options(
                SessionGuards.settings(installation.version, lockTimeoutSeconds: 0)),
        ]
        // In stages the first one replaces what was taken over of a table by less; ended there, nothing would
        // be missing any more.
        let how =
            installation.version.keepsStatisticsInUpgrade
            ? ["--analyze-only", "--missing-stats-only"] : ["--analyze-in-stages"]
        try runner.runChecked(
            Command(
                installation.tool("vacuumdb"),
                ["-h", own.host, "-p", String(own.port), "-U", own.user, "--all", "-q"] + how,
                environment: environment, workingDirectory: "/"))
    }
}
