import ArgumentParser
import AzureAPI
import ControlPlane
import Foundation
import Platform
import PostgresFormat
import ServiceModel

struct OpenCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "Open a backup and WAL that somebody else made: see what is in them, and restore.",
        discussion: """
            The base backup is what pg_basebackup wrote, plain or tar, packed or not: a folder that has \
            PG_VERSION in it, a folder that has base.tar, or one archive. \
            PostgreSQL \(WALVersion.supportedWords). --wal names \
            folders into which the server archived its WAL, or where pg_receivewal put it; packed with \
            gzip, zstd, lz4, bzip2 or xz or not. The directory of a server as Barman keeps it is taken \
            with all that is in it; and so is a stanza of a pgBackRest repository, with --pgbackrest \
            instead of --base, that is not encrypted. An \
            incremental backup is named with the full one and all between them, a --base each, plain \
            or tar.

            Nothing of what lies there is changed. All of it is checked and brought into a repository of \
            pitr's own, so that it may go afterwards. Then timeline, plan, explain, restore, undo, \
            compare and drills work on it. 'pitr detach' forgets it.

            --check looks only, keeps nothing and needs no state: what is in the backup, and up to when \
            it is good. Its exit status is 0 if it can be restored, else 1.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(name: .shortAndLong, help: "Name that it gets here.") var name: String?
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            """
            The base backup: a data directory, a folder of archives, one, or a Barman server's; again for \
            each one that an incremental backup goes on from.
            """,
            valueName: "path"),
        completion: .file())
    var base: [String] = []
    @Option(
        help: ArgumentHelp(
            "Instead of --base: a repository of pgBackRest, what its repo1-path says.",
            valueName: "directory"),
        completion: .directory)
    var pgbackrest: String?
    @Option(help: ArgumentHelp("Which stanza of the repository, if it has several.", valueName: "name"))
    var stanza: String?
    @Option(
        name: [.long, .customLong("set")],
        help: ArgumentHelp(
            "Which backup of a Barman server or of a stanza; else the newest whole one.", valueName: "id"))
    var backup: String?
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("A folder with WAL; as often as needed.", valueName: "directory"),
        completion: .directory)
    var wal: [String] = []
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            """
            Where the files of a tablespace lie that is a link in the base backup: 16385=/backup/ts; again for \
            each --base in which it is one, in their order.
            """,
            valueName: "number=directory"),
        transform: NamedTablespace.init)
    var tablespace: [NamedTablespace] = []
    @Option(name: [.customShort("u"), .long], help: "The login that administers copies; else postgres.")
    var adminUser: String?
    @Option(name: .shortAndLong, help: "Location, a label here.") var location: String?
    @Flag(help: "Look only: what is in it, and up to when it is good.") var check = false
    @OptionGroup var tags: TagList

    func validate() throws {
        if name == nil, !check {
            throw ValidationError("give it a name with --name, or look only with --check")
        }
        guard base.isEmpty != (pgbackrest == nil) else {
            throw ValidationError("say what to open with --base or with --pgbackrest")
        }
        guard pgbackrest != nil || stanza == nil else {
            throw ValidationError("--stanza is for a repository that --pgbackrest names")
        }
        guard pgbackrest == nil || tablespace.isEmpty else {
            throw ValidationError("a repository of pgBackRest has the tablespaces: leave --tablespace out")
        }
        guard base.count > 1 || Set(tablespace.map(\.number)).count == tablespace.count else {
            throw ValidationError("--tablespace names a tablespace twice")
        }
    }

    func execute(_ session: Session) throws -> Report {
        let request = request
        if check {
            let report = try ControlPlane.checkOpen(
                request, progress: session.progress, cancellation: Interruption.flag)
            var told = try Report(OpenReportDocument(report), OpenView.text(report))
            told.exitStatus = report.isUsable ? 0 : 1
            return told
        }
        let opened = try session.controlPlane().openBackup(request)
        opened.notes.forEach(session.messages.note)
        return try Report(FlexibleServer(opened.server), ServerView.text(opened.server))
    }

    private var request: OpenRequest {
        var request = OpenRequest(
            resourceGroup: group.resourceGroup, name: name ?? "",
            base: Self.place(base.last ?? pgbackrest ?? ""), wal: wal.map(Self.place))
        request.earlier = base.dropLast().map(Self.place)
        if pgbackrest != nil { request.kind = .backrest(stanza: stanza) }
        for named in tablespace {
            request.tablespaces[named.number, default: []].append(Self.place(named.directory))
        }
        request.backup = backup
        request.adminUser = adminUser
        request.location = location
        request.tags = tags.values ?? [:]
        return request
    }

    /// Absolute, and where links lead that somebody named: `latest` may be one.
    private static func place(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }
}

/// `16385=/backup/ts`.
struct NamedTablespace: Hashable {
    var number: UInt32
    var directory: String

    init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let number = UInt32(parts[0]), number >= 16_384 else {
            throw ValidationError("'\(text)' is not like 16385=/backup/ts")
        }
        self.number = number
        directory = parts[1]
    }
}
