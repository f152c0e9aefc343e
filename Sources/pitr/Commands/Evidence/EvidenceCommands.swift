import ArgumentParser
import AzureAPI
import ControlPlane

struct EvidenceCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence", abstract: "How servers were restored, and what proved it.",
        discussion: "It is kept when the copy is deleted, also with --purge.",
        subcommands: [
            EvidenceListCommand.self, EvidenceShowCommand.self, EvidenceDeleteCommand.self,
        ])
}

/// Which restore is meant.
struct EvidenceOptions: ParsableArguments {
    @OptionGroup var group: GroupOption
    @Option(
        name: .shortAndLong,
        help: "The copy: its name, the last that had it, or its id; or the id of the restore's operation.")
    var name: String
}

struct EvidenceListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List restores that evidence is kept of, newest first.")

    @OptionGroup var global: GlobalOptions
    @Option(name: [.customShort("g"), .long], help: "Only copies of this resource group.")
    var resourceGroup: String?
    @Option(name: [.customShort("s"), .long], help: "Only restores of this server: a name or an id.")
    var sourceServer: String?

    func execute(_ session: Session) throws -> Report {
        let (kept, damaged) = try session.controlPlane().listEvidence(
            resourceGroup: resourceGroup, source: sourceServer)
        var report = try Report(
            kept.map(EvidenceEntryDocument.init), EvidenceView.columns, kept.map(EvidenceView.row))
        report.failure = damaged.first
        return report
    }
}

struct EvidenceShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the evidence of a restore, with the recovery's own log.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var restore: EvidenceOptions

    func execute(_ session: Session) throws -> Report {
        let kept = try session.controlPlane().showEvidence(
            restore.name, resourceGroup: restore.group.resourceGroup)
        return try Report(KeptEvidenceDocument(kept), EvidenceView.text(kept))
    }
}

struct EvidenceDeleteCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete the evidence of a restore whose copy has been deleted.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var restore: EvidenceOptions
    @OptionGroup var confirmed: YesOption

    func execute(_ session: Session) throws -> Report {
        try session.confirmation.require(
            "Are you sure you want to delete the evidence of the restore to '\(restore.name)'",
            yes: confirmed.yes)
        try session.controlPlane().deleteEvidence(
            restore.name, resourceGroup: restore.group.resourceGroup)
        return .nothing
    }
}
