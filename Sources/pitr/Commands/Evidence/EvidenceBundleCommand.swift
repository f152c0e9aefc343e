import ArgumentParser
import AzureAPI
import ControlPlane
import Foundation
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
    @Option(
        help: ArgumentHelp(
            "The folder that 'pitr undo' made, or the id of a result that the daemon keeps.",
            valueName: "dir|id"), completion: .directory)
    var undo: String?
    @Option(help: ArgumentHelp("The drill: its id.", valueName: "id"), completion: Completions.drills)
    var drill: String?
    @Argument(help: "The file to write; '-' is standard output.", completion: .file()) var file: String

    func validate() throws {
        if [name, undo, drill].count(where: { $0 != nil }) != 1 {
            throw ValidationError("say what the evidence is of: -n COPY, --undo DIR|ID or --drill ID")
        }
    }

    func execute(_ session: Session) throws -> Report {
        // The working directory is another one once the servers' account works.
        let place = file.hasPrefix("/") ? file : FileManager.default.currentDirectoryPath + "/" + file
        var command = ["evidence", "bundle", "-g", group.resourceGroup]
        for (option, value) in [("name", name), ("undo", undo), ("drill", drill)] {
            if let value { command.append("--\(option)=\(value)") }
        }
        let isNew = try FilledFile.fill(file, session, command: command, arguments: ["-"]) { descriptor in
            // With the caller's rights, before root becomes the servers' account.
            var undone = try undo.flatMap { try UndoEvidence(folder: $0) }
            let controlPlane = try session.controlPlane()
            if undone == nil, let undo {
                undone = try UndoEvidence(of: Self.result(undo, controlPlane), controlPlane)
            }
            let (files, time) = try contents(controlPlane, undone)
            try controlPlane.write(bundle: files, at: time, into: descriptor)
        }
        guard isNew else { return .nothing }
        let bytes = try DurableFiles.read(place, limit: 1 << 32)
        return Self.report(try EvidenceBundle(checking: bytes), file, bytes.count)
    }

    /// What was written; how it is checked is on the last line.
    private static func report(_ bundle: EvidenceBundle, _ file: String, _ bytes: Int) -> Report {
        let check = "pitr evidence check \(Command.shellQuoted(file))"
        var text = PersonText()
        text.heading("Bundled \(bundle.files.count) files into \(file), \(bytes) bytes, signed")
        for entry in bundle.files { text.item("\(entry.name), \(entry.content.count) bytes") }
        text.field("Check it with", "\(check), or with openssl, as README.txt in it says")
        return Report(
            value: .object([
                "bytes": .integer(Int64(bytes)), "check": .string(check), "file": .string(file),
                "files": .array(
                    bundle.files.map { entry in
                        .object(["bytes": .integer(Int64(entry.content.count)), "name": .string(entry.name)])
                    }),
            ]), view: .text(text))
    }

    private static func result(_ id: String, _ controlPlane: ControlPlane) throws -> KeptResult {
        do {
            return try controlPlane.showResult(id)
        } catch let problem as Problem where problem.code == .resourceNotFound {
            throw Problem(
                .usage, "there is neither a folder nor a result '\(id)'",
                hint: "Name the folder that 'pitr undo' made, or an id that 'pitr result list' shows.")
        }
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

    /// Nil where there is no such folder.
    init?(folder: String) throws {
        guard DurableFiles.status(folder)?.kind == .directory else { return nil }
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

    /// What the daemon keeps of one.
    init(of result: KeptResult, _ controlPlane: ControlPlane) throws {
        guard case .undo = result.work else {
            throw Problem(
                .usage, "result '\(result.id)' is of a comparison",
                hint: "'pitr result export -n \(result.id) FILE' writes its files.")
        }
        files = try controlPlane.resultArchive(result).files.map {
            TarArchive.File(name: "undo/" + $0.name, content: $0.content)
        }
        operation = result.id
    }
}
