public import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import PostgresFormat
import ServiceModel

struct AttachCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Attach a PostgreSQL that is there already: back it up, and be able to restore it.",
        discussion: """
            The source needs one role that may replicate and one line of pg_hba.conf; --check prints both, with \
            what they cost, and tells what is missing. No setting is changed there, nothing is restarted, and \
            nothing is made but a replication slot. PostgreSQL \(WALVersion.supportedWords), a primary.

            The base backup is taken at once, by the source's own pace unless --fast. Its WAL has to be \
            received from then on: by 'pitr serve', or by 'pitr receive'.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(name: .shortAndLong, help: "Name that the source gets here.") var name: String
    @Option(
        help: """
            Address or name of the source, or the directory of its socket. Several with commas between them, with \
            ports of their own (a,b:5433), are followed to whichever is the primary.
            """)
    var host: String?
    @Option(help: "Port of the source.") var port: UInt16 = 5432
    @Option(
        help: ArgumentHelp(
            "Instead of --host: a cluster of this machine, as pg_lsclusters names it.",
            valueName: "version/name"))
    var cluster: DebianCluster?
    @Option(name: [.customShort("U"), .long], help: "The role that replicates.") var user = "pitr_backup"
    @Option(
        help: ArgumentHelp(
            "Take the role's password from the only line of this file; - is standard input.",
            valueName: "file"))
    var passwordFile: String?
    @Option(help: "disable, prefer, require, verify-ca or verify-full; else verify-full.")
    var sslMode: Attachment.Security?
    @Option(help: ArgumentHelp("The authority that the source's certificate is of.", valueName: "file"))
    var sslRootCertificate: String?
    @Option(help: "Name of the replication slot; else made of the server's name.") var slot: String?
    @Flag(help: "Use no replication slot: WAL that the source forgets too early is a gap.") var noSlot = false
    @Flag(help: "A permanent slot also where nothing bounds the WAL that it holds back on the source.")
    var slotUnbounded = false
    @Option(
        help: ArgumentHelp(
            "WAL that the slot may hold back on the source before it is given up: 10GB unless set.",
            valueName: "size"))
    var walLimit: WALLimit?
    @Flag(help: "Name the stream for the source's synchronous_standby_names; --check tells what that means.")
    var synchronous = false
    @Option(name: [.customShort("u"), .long], help: "The login that administers copies; else postgres.")
    var adminUser: String?
    @Option(name: .shortAndLong, help: "Location, a label here.") var location: String?
    @Option(help: "Days for which backups are kept, \(BackupRetention.allowedWords).")
    var backupRetention: Int?
    @Flag(help: "Have the source write a checkpoint at once, instead of at its own pace.") var fast = false
    @Option(
        help: ArgumentHelp("Kilobytes a second that each of its base backups may take.", valueName: "kB/s"))
    var rate: Int?
    @Flag(help: "Tell what is needed and what is missing; change nothing.") var check = false
    @OptionGroup var tags: TagList

    func validate() throws {
        if noSlot, slot != nil || slotUnbounded || walLimit != nil {
            throw ValidationError("--no-slot goes with none of --slot, --slot-unbounded and --wal-limit")
        }
        guard (host == nil) != (cluster == nil) else {
            throw ValidationError("give either --host or --cluster")
        }
        _ = try host.map { try SourceAddresses.parse($0, port: port) }
    }

    func execute(_ session: Session) throws -> Report {
        var request = try request
        // As the person who called: the file may be readable for nobody else.
        request.password = try passwordFile.map { (path) throws(Problem) in try PasswordOptions.read(path) }
        let controlPlane = try session.controlPlane()
        if check {
            let report = try controlPlane.checkAttach(request)
            var told = try Report(AttachReportDocument(report), AttachView.text(report))
            told.exitStatus = report.isPossible ? 0 : 1
            return told
        }
        let attached = try controlPlane.attach(request)
        attached.notes.forEach(session.messages.note)
        return try Report(FlexibleServer(attached.server), ServerView.text(attached.server))
    }

    private var request: AttachRequest {
        get throws {
            var request = AttachRequest(
                resourceGroup: group.resourceGroup, name: name,
                addresses: try addresses(), user: user)
            request.security = sslMode
            request.rootCertificate = sslRootCertificate.map(AbsolutePath.of)
            request.walLimit = walLimit?.bytes
            request.isSynchronous = synchronous
            fill(&request)
            return request
        }
    }

    private func addresses() throws -> [SourceAddress] {
        if let cluster { return [try cluster.address()] }
        return try SourceAddresses.parse(host ?? "", port: port)
    }

    private func fill(_ request: inout AttachRequest) {
        request.slotName = slot
        request.withoutSlot = noSlot
        request.acceptsUnboundedSlot = slotUnbounded
        request.adminUser = adminUser
        request.location = location
        request.backupRetentionDays = backupRetention
        request.isFast = fast
        request.maxRate = rate
        request.tags = tags.values ?? [:]
    }
}

extension Attachment.Security: ExpressibleByArgument {}
