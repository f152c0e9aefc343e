import Instance
import Platform
import Synchronization

/// PostgreSQL's programs of each major version as they were found, until a server's program is exchanged for
/// another one.
final class KnownInstallation: Sendable {
    private struct Found {
        var installation: PostgresInstallation
        var program: FileStatus
    }

    private let found = Mutex<[Int: Found]>([:])

    /// Answers what is known, or has it found.
    func installation(
        _ major: Int, _ discover: (Int) throws(Problem) -> PostgresInstallation
    ) throws(Problem) -> PostgresInstallation {
        if let known = found.withLock({ $0[major] }),
            DurableFiles.status(known.installation.tool("postgres")) == known.program
        {
            return known.installation
        }
        let installation = try discover(major)
        // Looked at afterwards: a program that is exchanged in between is only found once more.
        let program = DurableFiles.status(installation.tool("postgres"))
        found.withLock { $0[major] = program.map { Found(installation: installation, program: $0) } }
        return installation
    }
}
