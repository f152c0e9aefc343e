import ArgumentParser
import ControlPlane
import Glibc
import Platform
import Server

struct ServeCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve Azure's API, so that az and other programs can drive this machine.",
        discussion: """
            Listens on this machine only, over HTTPS, and carries out what is accepted, each operation in a \
            process of its own. Takes the daily backups as well, expires what retention no longer needs, and \
            says when archiving fails. Runs until it gets SIGINT, SIGTERM or SIGHUP; operations in \
            progress go on.
            """)

    static let whenKilled = KilledCommand.daemon

    @OptionGroup var global: GlobalOptions
    @Option(help: "Port to listen on.") var port = Endpoint.standard.port
    @Option(help: "Address to listen on.") var listen = Endpoint.standard.host
    @Option(
        help: ArgumentHelp(
            "One more name that clients call this machine by; several are possible.", valueName: "name"))
    var hostName: [String] = []
    @Flag(
        help: ArgumentHelp(
            "Let other machines in. The default identity then works for nobody: make others with "
                + "'pitr identity create'."))
    var allowRemote = false

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("a port is between 1 and 65535") }
        guard allowRemote || Self.isLoopback(listen) else {
            throw ValidationError(
                "\(listen) can be reached from other machines; say --allow-remote if that is meant")
        }
    }

    /// Whether only this machine can reach the address.
    static func isLoopback(_ address: String) -> Bool {
        ["localhost", "::1"].contains(address)
            || address.wholeMatch(of: /127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/) != nil
    }

    func execute(_ session: Session) throws -> Report {
        // Root's own programs may be the owner's, too; the account changes below.
        let caller = geteuid()
        let controlPlane = try session.unattendedControlPlane()
        let messages = session.messages
        let daemon = Daemon(
            controlPlane,
            options: .init(
                endpoint: Endpoint(host: listen, port: port),
                policy: AccessPolicy(
                    isOpenToOthers: allowRemote, owners: [0, caller, controlPlane.account.uid],
                    hosts: HostRule(listen: listen, names: hostName, isOpenToOthers: allowRemote)),
                names: hostName),
            log: DaemonLog(isVerbose: messages.isVerbose) { messages.note($0) },
            cancellation: Interruption.flag)
        let home = controlPlane.account.home
        let isOpen = allowRemote
        try daemon.run { endpoint in
            messages.note(Self.welcome(endpoint, home: home, isOpen: isOpen))
        }
        return .nothing
    }

    /// What a person types next.
    static func welcome(_ endpoint: Endpoint, home: String, isOpen: Bool) -> String {
        let begin = "pitr serves \(endpoint.url), state directory \(home). Ctrl-C ends it."
        guard !isOpen else {
            return begin + "\nOther machines may connect: pitr identity create -n NAME --role Contributor"
        }
        return begin + """

            In another terminal:
              eval "$(pitr azure env)"
              az group create -n demo -l eastus
              az postgres flexible-server create -g demo -n orders --tier Burstable \\
                --sku-name Standard_B1ms --storage-size 32 --public-access 127.0.0.1
            """
    }
}
