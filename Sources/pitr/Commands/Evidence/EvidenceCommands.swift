import ArgumentParser
import AzureAPI
import ControlPlane
import Notation

struct EvidenceCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence", abstract: "How servers were restored, and what proved it.",
        discussion: "It is kept when the copy is deleted, also with --purge.",
        subcommands: [
            EvidenceListCommand.self, EvidenceShowCommand.self, EvidenceExportCommand.self,
            EvidenceDeleteCommand.self, EvidenceBundleCommand.self, EvidenceCheckCommand.self,
        ])
}

/// Which restore is meant.
struct EvidenceOptions: ParsableArguments {
    @OptionGroup var group: GroupOption
    @Option(
        name: .shortAndLong, help: ArgumentHelp(EvidenceOptions.meaning), completion: Completions.evidence)
    var name: String

    static let meaning =
        "The copy: its name, the last that had it, or its id; or the id of the restore's operation."
}

struct EvidenceListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List restores that evidence is kept of, newest first.")

    @OptionGroup var global: GlobalOptions
    @Option(
        name: [.customShort("g"), .long], help: "Only copies of this resource group.",
        completion: Completions.groups)
    var resourceGroup: String?
    @Option(
        name: [.customShort("s"), .long], help: "Only restores of this server: a name or an id.",
        completion: Completions.servers)
    var sourceServer: String?

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        let (kept, damaged) = try controlPlane.listEvidence(
            resourceGroup: resourceGroup, source: sourceServer)
        if kept.isEmpty, let sourceServer { try controlPlane.requireKnown(source: sourceServer) }
        var report = try Report(
            kept.map(EvidenceEntryDocument.init), EvidenceView.columns, kept.map(EvidenceView.row))
        report.failure = damaged.first
        return report
    }
}

struct EvidenceShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the evidence of a restore, who was in the copy, and what PostgreSQL logged.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var restore: EvidenceOptions

    func execute(_ session: Session) throws -> Report {
        let kept = try session.controlPlane().showEvidence(
            restore.name, resourceGroup: restore.group.resourceGroup)
        return try Report(KeptEvidenceDocument(kept), EvidenceView.text(kept))
    }
}

struct EvidenceExportCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write all that is kept of a restore into one file.",
        discussion: """
            The file is JSON: what 'pitr evidence show -o json' prints, with the tool's version, the time and, last, \
            the CRC-32C of the other members printed on one line. An existing file is never overwritten.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(
        name: .shortAndLong, help: ArgumentHelp(EvidenceOptions.meaning), completion: Completions.evidence)
    var name: String?
    @Argument(
        help: ArgumentHelp("The copy, as with -n; with -n the file.", valueName: "name|file"),
        completion: .file())
    var first: String
    @Argument(help: "The file to write; '-' is standard output.", completion: .file()) var file: String?

    func validate() throws {
        if name == nil, file == nil { throw ValidationError("name the copy, and the file to write") }
        if name != nil, file != nil { throw ValidationError("name the copy once: with -n, or without") }
    }

    func execute(_ session: Session) throws -> Report {
        let copy = name ?? first
        let command = ["evidence", "export", "-g", group.resourceGroup, "--name=\(copy)"]
        try FilledFile.fill(file ?? first, session, command: command, arguments: ["-"]) { descriptor in
            let controlPlane = try session.controlPlane()
            let kept = try controlPlane.showEvidence(copy, resourceGroup: group.resourceGroup)
            let text = JSONText.render(try JSONValue(encoding: KeptEvidenceDocument(kept)))
            try controlPlane.export(evidence: text, into: descriptor)
        }
        return .nothing
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
