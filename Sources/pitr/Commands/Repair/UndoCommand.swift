public import ArgumentParser
import AzureAPI
import ControlPlane
import Planning
import Platform
import PostgresFormat
import Repair
public import ServiceModel
import WALEvents

extension ConflictRule: ExpressibleByArgument {}

struct UndoCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Find what transactions did to rows, and write the script that takes it back.",
        discussion: """
            The rows are read in temporary copies: from just before the transaction's commit, from just after it, and \
            of now. Several transactions are taken back as one: what others wrote between them stays. The source is \
            not written, and only its WAL is read. Each row gets a verdict; rows that later \
            transactions wrote again are conflicts. The script changes nothing unless every row is as planned, and is \
            proved on a copy of now before it is written. You run it yourself, with psql. With --no-wait the daemon \
            keeps what comes of it: 'pitr result list' and 'pitr result export'.
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
    @OptionGroup var choice: EventChoiceOptions
    @Flag(help: "With --event: all of them, as one undo.") var every = false
    @Option(help: "The transaction's number, 32 or 64 bits; repeatable, for several as one undo.")
    var xid: [TransactionNumber] = []
    @Option(
        help: ArgumentHelp(
            "Every transaction that committed after this time, and up to --to: as restores to both times have "
                + "them.", valueName: "time"))
    var from: String?
    @Option(help: ArgumentHelp("The end of the time that --from begins.", valueName: "time")) var to: String?
    @Option(
        name: [.customShort("d"), .long],
        help: "The database, where the transactions changed rows of several.",
        completion: Completions.databases)
    var database: String?
    @Option(help: "The timeline to follow; the source's own unless given.") var timeline: TimelineID?
    @Option(
        help: ArgumentHelp("Only this table, as orders or public.orders; repeatable.", valueName: "table"))
    var table: [String] = []
    @Option(
        help: ArgumentHelp(
            "Give back these columns of updated rows only; rows that came or went stay as they are.",
            valueName: "a,b"))
    var columns: String?
    @Option(
        help: ArgumentHelp(
            "Only rows for which this holds, as behind WHERE: as they were just before, or just after where they "
                + "were not there. Run in a copy, as a role that may only read.", valueName: "sql"))
    var `where`: String?
    @Option(
        help: ArgumentHelp(
            "Only rows for which this holds as the transactions left them; one that they deleted does not fit.",
            valueName: "sql"))
    var whereAfter: String?
    @Option(
        help: ArgumentHelp(
            "What becomes of rows in conflict: the script stops, skips them, gives them their old values (before), or "
                + "leaves their cells in conflict as they are (now).", valueName: "rule"))
    var conflicts = ConflictRule.stop
    @Option(
        help: ArgumentHelp(
            "What becomes of rows in conflict one by one: the conflicts.csv of an undo before, with before, now or "
                + "skip in its last column. --conflicts is for rows that are left empty there.",
            valueName: "file"), completion: .file())
    var decisions: String?
    @Option(
        help: ArgumentHelp(
            "Whether later changes of other columns of a row are kept (cells) or make it a conflict (strict).",
            valueName: "cells|strict"))
    var rows = RowRule.cells
    @Option(
        help: ArgumentHelp(
            "Whether the tables' triggers fire when the script is run (on), or it switches them off while it "
                + "works (off); foreign keys are checked in any case.", valueName: "on|off"))
    var triggers = TriggerRule.on
    @Option(
        help: ArgumentHelp(
            "Have the script write at most so many rows in a transaction, for millions of them: all rows are looked "
                + "at first, then each batch is all or nothing, and others may see what is repaired by half.",
            valueName: "rows"))
    var batch: Int?
    @Flag(help: "Write the script without running it on a copy first; it says so in its first line.")
    var noProof = false
    @Flag(help: "Show the verdicts and keep nothing.") var preview = false
    @Option(
        help: ArgumentHelp(
            "The folder to make for the report, the rows and the script; else undo-SOURCE.", valueName: "dir"),
        completion: .directory)
    var out: String?
    @OptionGroup var noWait: NoWaitOption

    enum TriggerRule: String, ExpressibleByArgument, CaseIterable { case on, off }

    enum RowRule: String, ExpressibleByArgument, CaseIterable { case cells, strict }

    func validate() throws {
        let given = [event != nil, !xid.isEmpty, from != nil || to != nil].count { $0 }
        guard given == 1 else {
            throw ValidationError("say what to take back, with --xid, with --event, or with --from and --to")
        }
        guard (from == nil) == (to == nil) else { throw ValidationError("--from and --to go together") }
        if event == nil, choice.isGiven || every {
            throw ValidationError("--nth, --latest, --every and --min-rows go with --event")
        }
        if every, choice.nth != nil || choice.latest {
            throw ValidationError("--every takes all of them: --nth and --latest choose one")
        }
        if let batch {
            guard batch >= 1 else { throw ValidationError("--batch is 1 or more, in rows") }
            if triggers == .off {
                throw ValidationError(
                    "--triggers off switches them for one transaction: it does not go with --batch")
            }
        }
        if noWait.noWait, out != nil {
            throw ValidationError(
                "with --no-wait the result is kept for 'pitr result export': --out does not go with it")
        }
        if preview, out != nil || noProof {
            throw ValidationError("--preview writes nothing: --out and --no-proof do not go with it")
        }
    }

    /// Of a resource id the one that it names.
    private var sourceGroup: String {
        let parts = sourceServer.split(separator: "/")
        let place = parts.firstIndex { $0.lowercased() == "resourcegroups" }.map { $0 + 1 }
        return place.flatMap { parts.indices.contains($0) ? String(parts[$0]) : nil } ?? group.resourceGroup
    }

    func execute(_ session: Session) throws -> Report {
        let request = try request
        if noWait.noWait { return try noWait.accept(.undo(request), session.controlPlane(), session) }
        if preview {
            let result = try session.controlPlane().undo(request)
            return try Report(
                UndoDocument(result.report), UndoView.text(result, of: sourceGroup, folder: nil))
        }
        // With the caller's rights: the service account may not be allowed to write here.
        let folder = try UndoFolder(
            path: out ?? "undo-\(sourceServer.split(separator: "/").last ?? "server")")
        do {
            let result = try session.controlPlane().undo(request)
            try folder.write(result)
            let text = UndoView.text(result, of: sourceGroup, folder: folder.path)
            return try Report(UndoDocument(result.report), text)
        } catch {
            if !folder.discard() { session.messages.warning("\(folder.path) is left behind, empty") }
            throw error
        }
    }

    private var request: UndoRequest {
        get throws(Problem) {
            var request = UndoRequest(
                resourceGroup: group.resourceGroup, sourceServer: sourceServer, wanted: try wanted)
            request.database = database
            request.timeline = timeline
            request.tables = table
            request.columns = columns?.split(separator: ",").map(String.init) ?? []
            request.condition = `where`
            request.conditionAfter = whereAfter
            request.conflicts = conflicts
            request.decisions = try decisions.map { path throws(Problem) in
                // With the caller's rights, before root becomes the servers' account.
                try DecisionFile(try DurableFiles.read(path, limit: 64 << 20)).decisions()
            }
            request.isStrict = rows == .strict
            request.disablesTriggers = triggers == .off
            request.batch = batch
            request.proves = !noProof
            request.isPreview = preview
            return request
        }
    }

    private var wanted: UndoRequest.Wanted {
        get throws(Problem) {
            if let from, let to {
                let now = SystemWallClock().now()
                return .window(
                    from: try RequestedTime(from, now: now), to: try RequestedTime(to, now: now))
            }
            guard let event else { return .transactions(xid) }
            let wanted = try choice.event(event)
            return every ? .everyEvent(wanted) : .event(wanted)
        }
    }
}
