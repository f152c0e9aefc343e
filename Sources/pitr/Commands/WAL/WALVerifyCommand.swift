import ArgumentParser
import AzureAPI
import ControlPlane
import Planning
import Platform
import ServiceModel

struct WALVerifyCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read a server's whole archived WAL and check everything in it.",
        discussion: """
            Every file's checksum, every page, every record's CRC and its link to the record before, gaps, \
            the histories of timelines, and that all WAL from the oldest backup on is there. Ends with status \
            1 when something is wrong. What came of it is kept: --last tells it again, as the portal does.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Flag(help: "A line for each segment.") var segments = false
    @Flag(help: "What the last check found, without another one.") var last = false
    @OptionGroup var noWait: NoWaitOption

    func validate() throws {
        guard [segments, last, noWait.noWait].count(where: \.self) < 2 else {
            throw ValidationError("give one of --segments, --last and --no-wait")
        }
    }

    func execute(_ session: Session) throws -> Report {
        if noWait.noWait {
            return try noWait.accept(.verifyWAL(server.reference), session.controlPlane(), session)
        }
        if last {
            guard let verdict = try session.controlPlane().lastVerification(of: server.reference) else {
                throw Problem(
                    .resourceNotFound, "the archive of \(server.serverName) was never checked",
                    hint: "Check it with 'pitr wal verify -s \(server.serverName)'.")
            }
            var report = try ArchiveView.report(verdict)
            report.exitStatus = verdict.isSound ? 0 : 1
            return report
        }
        let archive = try session.controlPlane().verifyWAL(server.reference)
        var report = try ArchiveView.report(archive, perSegment: segments)
        report.failure = ControlPlane.problem(of: archive, server: server.serverName)
        return report
    }
}
