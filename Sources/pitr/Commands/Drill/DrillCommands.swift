import ArgumentParser
import AzureAPI
import ControlPlane
import Notation
import Platform
import ServiceModel

struct DrillCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Rehearse a restore: make a copy, try it, remove it, keep the record.",
        subcommands: [
            DrillRunCommand.self, DrillListCommand.self, DrillShowCommand.self, DrillExportCommand.self,
            DrillDeleteCommand.self, DrillScheduleCommand.self,
        ])
}

/// Which drill is meant.
struct DrillOptions: ParsableArguments {
    @OptionGroup var group: GroupOption
    @Option(
        name: .shortAndLong, help: "The drill: its id, as 'pitr drill list' shows it.",
        completion: Completions.drills) var name: String?
    @Option(
        name: [.customShort("s"), .long], help: "The last drill of this server.",
        completion: Completions.servers)
    var sourceServer: String?

    func validate() throws {
        if (name == nil) == (sourceServer == nil) {
            throw ValidationError("name the drill with -n, or with -s the server whose last one is meant")
        }
    }

    func record(_ controlPlane: ControlPlane) throws -> DrillRecord {
        try controlPlane.showDrill(name, server: sourceServer, resourceGroup: group.resourceGroup)
    }
}

struct DrillListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List drills, the newest first.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var servers: OfServersOptions
    @Option(
        name: [.customShort("s"), .long], help: "Only of this server: a name or an id.",
        completion: Completions.servers)
    var sourceServer: String?

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        let records = try controlPlane.listDrills(resourceGroup: servers.resourceGroup, server: sourceServer)
        if records.isEmpty, let sourceServer { try controlPlane.requireKnown(source: sourceServer) }
        return try Report(records.map(DrillEntryDocument.init), DrillView.columns, records.map(DrillView.row))
    }
}

struct DrillShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a drill tried, and what came of it.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var drill: DrillOptions

    func execute(_ session: Session) throws -> Report {
        try DrillView.report(drill.record(session.controlPlane()))
    }
}

struct DrillExportCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the record of a drill into one file.",
        discussion: "An existing file is never overwritten.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case md, json, junit }

    @OptionGroup var global: GlobalOptions
    @OptionGroup var drill: DrillOptions
    @Option(help: ArgumentHelp("Markdown, JSON, or JUnit's XML for CI systems.", valueName: "md|json|junit"))
    var format = Format.md
    @Argument(help: "The file to write; '-' is standard output.", completion: .file()) var file: String

    func execute(_ session: Session) throws -> Report {
        var command = ["drill", "export", "-g", drill.group.resourceGroup, "--format", format.rawValue]
        if let name = drill.name { command.append("--name=\(name)") }
        if let server = drill.sourceServer { command.append("--source-server=\(server)") }
        try FilledFile.fill(file, session, command: command, arguments: ["-"]) { descriptor in
            let text = try text(of: drill.record(session.controlPlane()))
            try DescriptorOutput(descriptor).write(Array(text.utf8))
        }
        return .nothing
    }

    private func text(of record: DrillRecord) throws -> String {
        switch format {
        case .md: DrillText(record).markdown
        case .json: JSONText.render(try JSONValue(encoding: DrillDocument(record)))
        case .junit: DrillText(record).junit
        }
    }
}

struct DrillDeleteCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete the record of a drill, and the evidence of its restore where the copy has gone.")

    @OptionGroup var global: GlobalOptions
    @Option(name: .shortAndLong, help: "The drill: its id.", completion: Completions.drills) var name: String
    @OptionGroup var confirmed: YesOption

    func execute(_ session: Session) throws -> Report {
        try session.confirmation.require(
            "Are you sure you want to delete the record of drill '\(name)'", yes: confirmed.yes)
        try session.controlPlane().deleteDrill(name)
        return .nothing
    }
}
