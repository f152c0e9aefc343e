import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import ServiceModel

struct ResultCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "result",
        abstract: "What came of undos and comparisons that the daemon carried out.",
        discussion: """
            'pitr undo --no-wait' and 'pitr compare --no-wait' leave one each; so do those of the API and the portal. \
            It stays until it is deleted, or the server that it is about is gone for good.
            """,
        subcommands: [
            ResultListCommand.self, ResultShowCommand.self, ResultExportCommand.self,
            ResultDeleteCommand.self,
        ])
}

/// Which result is meant.
struct ResultOptions: ParsableArguments {
    @Option(
        name: .shortAndLong, help: "The result: the id of its operation, as 'pitr result list' shows it.",
        completion: Completions.results)
    var name: String
}

struct ResultListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List results, the newest first.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var servers: OfServersOptions
    @Option(
        name: [.customShort("s"), .long], help: "Only of this server: a name or an id.",
        completion: Completions.servers)
    var serverName: String?

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        let (kept, damaged) = try controlPlane.listResults(
            resourceGroup: servers.resourceGroup, server: serverName)
        if kept.isEmpty, let serverName { try controlPlane.requireKnown(source: serverName) }
        var report = try Report(
            kept.map(KeptResultEntryDocument.init), ResultView.columns, kept.map(ResultView.row))
        report.failure = damaged.first
        return report
    }
}

struct ResultShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what came of an undo or a comparison, and its files.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var result: ResultOptions

    func execute(_ session: Session) throws -> Report {
        let kept = try session.controlPlane().showResult(result.name)
        return try Report(KeptResultDocument(kept), ResultView.text(kept))
    }
}

struct ResultExportCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the files of a result into one tar archive, or one of them.",
        discussion: "An existing file is never overwritten.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var result: ResultOptions
    @Option(
        help: ArgumentHelp(
            "This file alone, as 'pitr result show' names it: report.md, repair.sql.", valueName: "file"))
    var only: String?
    @Argument(help: "The file to write; '-' is standard output.", completion: .file()) var file: String

    func execute(_ session: Session) throws -> Report {
        var command = ["result", "export", "--name=\(result.name)"]
        if let only { command.append("--only=\(only)") }
        try FilledFile.fill(file, session, command: command, arguments: ["-"]) { descriptor in
            let controlPlane = try session.controlPlane()
            let kept = try controlPlane.showResult(result.name)
            let bytes =
                try only.map { try controlPlane.resultFile($0, of: kept) }
                ?? controlPlane.resultArchive(kept).encoded()
            try DescriptorOutput(descriptor).write(bytes)
        }
        return .nothing
    }
}

struct ResultDeleteCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a result with its files.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var result: ResultOptions
    @OptionGroup var confirmed: YesOption

    func execute(_ session: Session) throws -> Report {
        try session.confirmation.require(
            "Are you sure you want to delete result '\(result.name)' with its files", yes: confirmed.yes)
        try session.controlPlane().deleteResult(result.name)
        return .nothing
    }
}
