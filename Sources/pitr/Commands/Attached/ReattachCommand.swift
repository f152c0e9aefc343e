import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import ServiceModel

struct ReattachCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "reattach",
        abstract: "Change how an attached server is reached, its rate or its WAL limit.",
        discussion: """
            The source is asked first, in the new way; nothing is changed where that fails. A receiver that is \
            connected takes it over within a second or two, with a new connection where one is needed. What is \
            not given stays as it is. Where the source has been given a max_slot_wal_keep_size since it was \
            attached, its temporary slot becomes a permanent one. For --rate and --wal-limit alone the source \
            is not asked, and its slot stays what it is.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @Option(help: "Address or name of the source, or several with commas between them, as for attach.")
    var host: String?
    @Option(help: "Port of the source, with --host.") var port: UInt16?
    @Option(name: [.customShort("U"), .long], help: "The role that replicates.") var user: String?
    @Option(
        help: ArgumentHelp(
            "Take the role's password from the only line of this file; - is standard input.",
            valueName: "file"))
    var passwordFile: String?
    @Option(help: "disable, prefer, require, verify-ca or verify-full.") var sslMode: Attachment.Security?
    @Option(help: ArgumentHelp("The authority that the source's certificate is of.", valueName: "file"))
    var sslRootCertificate: String?
    @Option(
        help: ArgumentHelp(
            "WAL that the slot may hold back on the source before it is given up.", valueName: "size"))
    var walLimit: WALLimit?
    @Option(
        help: ArgumentHelp(
            "Kilobytes a second that each base backup may take from now on; 0 is as fast as it goes.",
            valueName: "kB/s"))
    var rate: Int?

    func validate() throws {
        guard port == nil || host != nil else { throw ValidationError("--port goes with --host") }
        _ = try host.map { try SourceAddresses.parse($0, port: port ?? 5432) }
    }

    func execute(_ session: Session) throws -> Report {
        var request = ReattachRequest()
        request.addresses = try host.map { try SourceAddresses.parse($0, port: port ?? 5432) }
        request.user = user
        // As the person who called: the file may be readable for nobody else.
        request.password = try passwordFile.map { (path) throws(Problem) in try PasswordOptions.read(path) }
        request.security = sslMode
        request.rootCertificate = sslRootCertificate.map(AbsolutePath.of)
        request.walLimit = walLimit?.bytes
        request.maxRate = rate
        let attached = try session.controlPlane().reattach(server.reference, request)
        return try Report(FlexibleServer(attached.server), ServerView.text(attached.server))
    }
}
