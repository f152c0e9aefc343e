import ArgumentParser
import ControlPlane

struct DeleteCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a server; its backups stay for five days (revive-dropped).")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @Flag(help: "Delete its backups too, at once. It cannot be revived; works on a deleted server as well.")
    var purge = false
    @Flag(help: "Do nothing, with status 0, when there is no such server.") var ifExists = false
    @OptionGroup var confirmed: YesOption

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        // Nothing has to be asked of what is not there.
        if ifExists, try !controlPlane.isThere(server.reference, purge: purge) { return tellAbsence(session) }
        try session.confirmation.require(
            "Are you sure you want to delete the server '\(server.name)' in resource group "
                + "'\(server.group.resourceGroup)'" + (purge ? ", and all of its backups for good" : ""),
            yes: confirmed.yes)
        let left: [String]
        if ifExists {
            guard let found = try controlPlane.deleteServerIfThere(server.reference, purge: purge) else {
                return tellAbsence(session)
            }
            left = found
        } else {
            left = try controlPlane.deleteServer(server.reference, purge: purge)
        }
        for statement in left {
            session.messages.warning(
                "a slot stays on the source and holds WAL back; drop it there, as a superuser: \(statement)")
        }
        if !purge, StandardStream.error.isTerminal || session.messages.isVerbose {
            let group = GroupOption.words(server.group.resourceGroup)
            session.messages.note(
                "Its backups stay for five days: 'pitr revive-dropped' brings it back with them, and "
                    + "'pitr delete\(group) -n \(server.name) --purge' deletes them now.")
        }
        return .nothing
    }

    private func tellAbsence(_ session: Session) -> Report {
        session.messages.note("There is no server '\(server.name)' to delete.")
        return .nothing
    }
}
