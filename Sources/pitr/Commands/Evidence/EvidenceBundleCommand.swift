import ArgumentParser
import AzureAPI
import ControlPlane
import Notation
import Platform
import PostgresFormat
import ServiceModel

struct EvidenceBundleCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Put all evidence of a restore, an undo or a drill into one signed file.",
        discussion: """
            A tar archive with a list of SHA-256 sums, signed with the key of this machine's certificate authority. \
            'pitr evidence check' verifies it, and so do sha256sum and openssl: README.txt in it says how. An existing \
            file is never overwritten.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(
        name: .shortAndLong, help: ArgumentHelp(EvidenceOptions.meaning), completion: Completions.evidence)
    var name: String?
    @Option(help: ArgumentHelp("The folder that 'pitr undo' made.", valueName: "dir"), completion: .directory)
    var undo: String?
    @Option(help: ArgumentHelp("The drill: its id.", valueName: "id"), completion: Completions.drills)
    var drill: String?
    @Argument(help: "The file to write; '-' is standard output.", completion: .file()) var file: String

    func validate() throws {
        if [name, undo, drill].count(where: { $0 != nil }) != 1 {
            throw ValidationError("say what the evidence is of: -n COPY, --undo DIR or --drill ID")
        }
    }

    func execute(_ session: Session) throws -> Report {
        var command = ["evidence", "bundle", "-g", group.resourceGroup]
        for (option, value) in [("name", name), ("undo", undo), ("drill", drill)] {
            if let value { command.append("--\(option)=\(value)") }
        }
        try FilledFile.fill(file, session, command: command, arguments: ["-"]) { descriptor in
            // With the caller's rights, before root becomes the servers' account.
            let undone = try undo.map(UndoEvidence.init)
            let controlPlane = try session.controlPlane()
            let (files, time) = try contents(controlPlane, undone)
            try controlPlane.write(bundle: files, at: time, into: descriptor)
        }
        return .nothing
    }

    private func contents(
        _ controlPlane: ControlPlane, _ undone: UndoEvidence?
    ) throws -> ([TarArchive.File], PostgresTimestamp) {
        if let undone {
            let events = try undone.operation.map { try controlPlane.activity(ofOperation: $0) } ?? []
            let last = events.map(\.time).max() ?? controlPlane.now
            return (undone.files + [try ControlPlane.activityFile(events)], last)
        }
        guard let drill else {
            let kept = try controlPlane.showEvidence(name ?? "", resourceGroup: group.resourceGroup)
            return (try restore(kept, controlPlane), kept.evidence.finishedAt)
        }
        let record = try controlPlane.showDrill(drill, server: nil, resourceGroup: group.resourceGroup)
        let json = JSONText.render(try JSONValue(encoding: DrillDocument(record)))
        var files = [
            Self.file("drill.json", json), Self.file("drill.md", DrillText(record).markdown),
            Self.file("drill.xml", DrillText(record).junit),
        ]
        var events = try controlPlane.activity(of: record)
        if let operation = record.restore?.operationID {
            let kept = try controlPlane.showEvidence(operation, resourceGroup: group.resourceGroup)
            // The drill's own lines and those of its restore are one list.
            files += try restore(kept, controlPlane).filter { $0.name != "activity.json" }
            events += try controlPlane.activity(ofOperation: operation)
        }
        files.append(try ControlPlane.activityFile(events))
        return (files, record.finishedAt ?? record.startedAt)
    }

    private func restore(_ kept: KeptEvidence, _ controlPlane: ControlPlane) throws -> [TarArchive.File] {
        let json = JSONText.render(try JSONValue(encoding: KeptEvidenceDocument(kept)))
        return [Self.file("evidence.json", json)] + (try controlPlane.bundledFiles(of: kept))
    }

    private static func file(_ name: String, _ text: String) -> TarArchive.File {
        TarArchive.File(name: name, content: Array(text.utf8))
    }
}

/// What an undo left in its folder.
struct UndoEvidence {
    let files: [TarArchive.File]
    /// Of the undo, as its report says.
    let operation: String?

    init(_ folder: String) throws {
        let rows = try DurableFiles.listIfPresent(folder + "/" + TableFiles.name)
        let names = try (DurableFiles.list(folder) + rows.map { TableFiles.name + "/" + $0 }).filter { name in
            DurableFiles.status(folder + "/" + name)?.kind == .file
        }
        guard names.contains("report.json") else {
            throw Problem(
                .usage, "\(folder) is no folder that 'pitr undo' made", detail: "it has no report.json",
                hint: "Name the folder that --out named, or undo-SOURCE.")
        }
        files = try names.sorted().map { name in
            TarArchive.File(name: "undo/" + name, content: try DurableFiles.read(folder + "/" + name))
        }
        let report = try JSONValue.parse(try DurableFiles.read(folder + "/report.json"))
        operation = report["operationId"]?.string
    }
}
