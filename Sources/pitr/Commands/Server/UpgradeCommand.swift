import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import PostgresFormat
import ServiceModel

struct UpgradeCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Take a copy to a newer major version of PostgreSQL.",
        discussion: """
            A copy of the server's files is upgraded with pg_upgrade, as a new server beside it, which then takes its \
            name, address and port. The server as it was is a deleted server by then, with its backups: it can be \
            revived for five days, or until --finish. Nobody can connect meanwhile.

            With --link the tables' files are not copied: the upgraded server has the same ones. That takes hardly any \
            room, and time for each file instead of for each byte. But it takes the place before it has been \
            tried, and nothing can use the files as they were once it has begun: then only a restore from the \
            backups leads back, which stay until --finish. Hence --no-way-back has to be said with it.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @Option(name: .shortAndLong, help: "The major version that it will have, \(WALVersion.newerWords).")
    var version: String?
    @Flag(help: "Only find out whether it can be done.") var validateOnly = false
    @Flag(help: "Remove what was kept of the server before its upgrade.") var finish = false
    @Flag(
        name: .customLong("yes-this-is-not-a-copy"),
        help: "Upgrade a server that was not restored from another one.")
    var isForAnyServer = false
    @Flag(help: "Share the tables' files with the server as it was; only with --no-way-back.")
    var link = false
    @Flag(help: "Accept that with --link only a restore from its backups leads back.") var noWayBack = false
    @OptionGroup var noWait: NoWaitOption
    @OptionGroup var confirmed: YesOption

    func validate() throws {
        if finish == (version != nil) { throw ValidationError("give either --version or --finish") }
        if finish, validateOnly || link {
            throw ValidationError("--validate-only and --link go with --version")
        }
        if noWayBack, !link { throw ValidationError("--no-way-back goes with --link") }
        // What it costs can be asked without accepting it.
        if link, !noWayBack, !validateOnly {
            throw ValidationError(
                "--link shares the files, so the way back is \(UpgradeView.wayBack); say --no-way-back with it, or "
                    + "leave --link out")
        }
    }

    func execute(_ session: Session) throws -> Report {
        guard let version else { return try finishUpgrade(session) }
        let request = UpgradeRequest(
            server: server.reference, version: version, isForAnyServer: isForAnyServer,
            files: link ? .linked : nil)
        let controlPlane = try session.controlPlane()
        if validateOnly {
            let outlook = try controlPlane.checkUpgrade(request)
            return try Report(UpgradeOutlookDocument(outlook), UpgradeView.text(outlook))
        }
        if noWait.noWait { return try noWait.accept(.upgrade(request), controlPlane, session) }
        let result = try controlPlane.upgradeServer(request)
        for note in result.notes { session.messages.note(note) }
        return try Report(
            FlexibleServer(result.server, followUp: result.followUp), UpgradeView.text(result))
    }

    private func finishUpgrade(_ session: Session) throws -> Report {
        try session.confirmation.require(
            "This removes the backups of '\(server.name)' from before its upgrade. Go on?",
            yes: confirmed.yes)
        _ = try session.controlPlane().finishUpgrade(server.reference)
        return .nothing
    }
}
