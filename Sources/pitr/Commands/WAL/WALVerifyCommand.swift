import ArgumentParser
import AzureAPI
import ControlPlane
import Planning
import Platform

struct WALVerifyCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read a server's whole archived WAL and check everything in it.",
        discussion: """
            Every file's checksum, every page, every record's CRC and its link to the record before, gaps, \
            the histories of timelines, and that all WAL from the oldest backup on is there. Ends with status \
            1 when something is wrong.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Flag(help: "A line for each segment.") var segments = false

    func execute(_ session: Session) throws -> Report {
        let archive = try session.controlPlane().verifyWAL(server.reference)
        var report = try ArchiveView.report(archive, perSegment: segments)
        if !archive.isSound {
            report.failure = Problem(
                .walDamaged, "the archived WAL of \(server.serverName) is not whole",
                detail: archive.findings.first,
                hint: "Times behind a gap or damage can be reached from the next backup on; take one now.")
        }
        return report
    }
}
