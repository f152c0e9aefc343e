import Instance
import Platform
import Synchronization

/// PostgreSQL's programs as they were found, until the server's program is exchanged for another one.
final class KnownInstallation: Sendable {
    private struct Found {
        var installation: PostgresInstallation
        var program: FileStatus
    }

    private let found = Mutex<Found?>(nil)

    /// Answers what is known, or has it found.
    func installation(
        _ discover: () throws(Problem) -> PostgresInstallation
    ) throws(Problem) -> PostgresInstallation {
        if let known = found.withLock({ $0 }),
            DurableFiles.status(known.installation.tool("postgres")) == known.program
        {
            return known.installation
        }
        let installation = try discover()
        // Looked at afterwards: a program that is exchanged in between is only found once more.
        let program = DurableFiles.status(installation.tool("postgres"))
        found.withLock { $0 = program.map { Found(installation: installation, program: $0) } }
        return installation
    }
}
