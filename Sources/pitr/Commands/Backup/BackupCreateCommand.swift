import ArgumentParser
import AzureAPI
import ControlPlane
import ServiceModel

struct BackupCreateCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Take a base backup now; at most seven of these are kept.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(name: .shortAndLong, help: "Name of the backup; made up when missing.") var name: String?
    @Flag(
        help: """
            Have an attached source write a checkpoint at once, instead of at its own pace. A server of pitr's \
            own always does.
            """)
    var fast = false

    func execute(_ session: Session) throws -> Report {
        let backup = try session.controlPlane().createBackup(
            server.reference, name: name, isFast: fast)
        if name == nil {
            session.messages.warning("No backup name provided. Using generated name: \(backup.name)")
        }
        if !backup.passedOver.isEmpty {
            session.messages.warning(
                "Not in the backup, and nothing that PostgreSQL reads: "
                    + ChildViews.someOf(backup.passedOver) + ".")
        }
        return try Report(ServerBackup(backup, of: server.reference), ChildViews.text(backup))
    }
}
