import ArgumentParser
import AzureAPI
import ControlPlane

struct UsageCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Show what servers, backups and copies take of disk, memory and time, and what can go.",
        discussion: """
            Nothing is deleted: what can go is told with its command, copies whose time is over first. Files \
            that share blocks with those that they were cloned from count in full. Hours are counted since a \
            server was started last.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(
        name: [.customShort("g"), .long], help: "Only servers of this resource group.",
        completion: Completions.groups)
    var resourceGroup: String?

    func execute(_ session: Session) throws -> Report {
        let usage = try session.controlPlane().usage(resourceGroup: resourceGroup)
        return try Report(UsageDocument(usage), UsageView.text(usage))
    }
}
