public import ArgumentParser
import AzureAPI
import ControlPlane
import Planning
import Platform
import PostgresFormat
public import Repair
import ServiceModel
import WALEvents

extension ConflictRule: ExpressibleByArgument {}

struct UndoCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Find what one transaction did to rows, and write the script that takes it back.",
        discussion: """
            The rows are read in temporary copies: from just before the transaction's commit, from just after it, and \
            of now. The source is not written, and only its WAL is read. Each row gets a verdict; rows that later \
            transactions wrote again are conflicts. The script changes nothing unless every row is as planned, and is \
            proved on a copy of now before it is written. You run it yourself, with psql.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(
        name: [.customShort("s"), .long],
        help: "The server that was changed: a name in the same group, or a resource id.",
        completion: Completions.servers)
    var sourceServer: String
    @Option(
        help: ArgumentHelp(
            "What the transaction did: 'update orders', 'delete from public.orders', 'insert into orders'.",
            valueName: "event"))
    var event: String?
    @Option(help: "With --event: the one with this number, counted from the earliest.") var nth: Int?
    @Flag(help: "With --event: the last one.") var latest = false
    @Option(help: "With --event: only changes of at least that many rows.") var minRows: Int64?
    @Option(help: "The transaction's number, 32 or 64 bits.") var xid: TransactionNumber?
    @Option(help: "The timeline to follow; the source's own unless given.") var timeline: TimelineID?
    @Option(
        help: ArgumentHelp("Only this table, as orders or public.orders; repeatable.", valueName: "table"))
    var table: [String] = []
    @Option(
        help: ArgumentHelp(
            "What becomes of rows in conflict: the script stops, skips them, gives them their old values (before), or "
                + "leaves their cells in conflict as they are (now).", valueName: "rule"))
    var conflicts = ConflictRule.stop
    @Option(
        help: ArgumentHelp(
            "Whether later changes of other columns of a row are kept (cells) or make it a conflict (strict).",
            valueName: "cells|strict"))
    var rows = RowRule.cells
    @Flag(help: "Write the script without running it on a copy first; it says so in its first line.")
    var noProof = false
    @Flag(help: "Show the verdicts and keep nothing.") var preview = false
    @Option(
        help: ArgumentHelp(
            "The folder to make for the report, the rows and the script; else undo-SOURCE.", valueName: "dir"),
        completion: .directory)
    var out: String?

    enum RowRule: String, ExpressibleByArgument, CaseIterable { case cells, strict }

    func validate() throws {
        guard (event == nil) != (xid == nil) else {
            throw ValidationError("name one transaction, with --xid or with --event what it did")
        }
        if event == nil, nth != nil || latest || minRows != nil {
            throw ValidationError("--nth, --latest and --min-rows go with --event")
        }
        if nth != nil, latest { throw ValidationError("give either --nth or --latest") }
        if let nth, nth < 1 { throw ValidationError("--nth counts from 1, the earliest") }
        if let minRows, minRows < 1 { throw ValidationError("--min-rows is 1 or more") }
        if preview, out != nil || noProof {
            throw ValidationError("--preview writes nothing: --out and --no-proof do not go with it")
        }
    }

    func execute(_ session: Session) throws -> Report {
        let request = try request
        if preview {
            let result = try session.controlPlane().undo(request)
            return try Report(UndoDocument(result.report), UndoView.text(result, folder: nil))
        }
        // With the caller's rights: the service account may not be allowed to write here.
        let folder = try UndoFolder(
            path: out ?? "undo-\(sourceServer.split(separator: "/").last ?? "server")")
        do {
            let result = try session.controlPlane().undo(request)
            try folder.write(result)
            return try Report(UndoDocument(result.report), UndoView.text(result, folder: folder.path))
        } catch {
            if !folder.discard() { session.messages.warning("\(folder.path) is left behind, empty") }
            throw error
        }
    }

    private var request: UndoRequest {
        get throws(Problem) {
            let target: RequestedTarget
            if let xid {
                target = .transaction(xid, exclusive: true)
            } else {
                let place: EventChoice.Place = if let nth { .nth(nth) } else { latest ? .latest : .only }
                target = .event(try RequestedEvent(event ?? "", EventChoice(place, minimumRows: minRows)))
            }
            var request = UndoRequest(
                resourceGroup: group.resourceGroup, sourceServer: sourceServer, target: target)
            request.timeline = timeline
            request.tables = table
            request.conflicts = conflicts
            request.isStrict = rows == .strict
            request.proves = !noProof
            request.isPreview = preview
            return request
        }
    }
}
