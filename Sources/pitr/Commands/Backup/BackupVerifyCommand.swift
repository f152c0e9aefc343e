import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import ServiceModel

struct BackupVerifyCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read a server's base backups and check everything in them.",
        discussion: """
            Every file against the backup's manifest, by name, size and checksum, the checksums of all pages, \
            and that the WAL that the backup needs is there and sound. Ends with status 1 when something is \
            wrong; 'backup list' shows what the last check found.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(
        name: .shortAndLong, help: "Name of the backup; all of them when missing.",
        completion: Completions.backups)
    var name: String?
    @Flag(help: "All backups of the server, which is the default.") var all = false
    @Option(help: "Read no more than that many MiB a second.") var maxRate: UInt64?

    func validate() throws {
        if all, name != nil { throw ValidationError("Give either --name or --all.") }
        if let maxRate, !(1...1 << 40).contains(maxRate) {
            throw ValidationError("--max-rate is a number of MiB a second, at least 1.")
        }
    }

    func execute(_ session: Session) throws -> Report {
        let verified = try session.controlPlane().verifyBackups(
            server.reference, name: name, bytesPerSecond: maxRate.map { $0 << 20 })
        var report = try Report(
            verified.map(VerifiedBackupDocument.init), ChildViews.verifiedColumns,
            verified.map(ChildViews.row))
        let damaged = verified.filter { !$0.isSound }
        if let first = damaged.first {
            report.failure = Problem(
                .backupDamaged,
                damaged.count == 1
                    ? "backup '\(first.name)' of \(server.serverName) is damaged"
                    : "\(damaged.count) of \(verified.count) backups of \(server.serverName) are damaged",
                detail: damaged.map { "\($0.name): \($0.verdict.finding ?? "damaged")" }
                    .joined(separator: "\n"),
                hint:
                    "Take a new one with 'pitr backup create -s \(server.serverName)'. Restores use the others."
            )
        }
        return report
    }
}
