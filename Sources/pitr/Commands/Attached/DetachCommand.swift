import ArgumentParser
import ControlPlane
import ServiceModel

struct DetachCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach",
        abstract: "Let go of an attached server or an opened backup, which stays for five days.",
        discussion: """
            Drops the replication slot on the source, and changes nothing else there. Where the source cannot \
            be reached, the statement that drops the slot is printed: until then it holds WAL back.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @Flag(help: "Delete its backups too, at once.") var purge = false
    @OptionGroup var confirmed: YesOption

    func execute(_ session: Session) throws -> Report {
        try session.confirmation.require(
            "Are you sure you want to detach the server '\(server.name)'"
                + (purge ? ", and to delete all of its backups for good" : ""),
            yes: confirmed.yes)
        let left = try session.controlPlane().detach(server.reference, purge: purge)
        if !left.isEmpty {
            session.messages.warning(
                "the slot could not be dropped, and holds WAL back until somebody drops it on the source")
        }
        var text = PersonText()
        if !left.isEmpty {
            text.heading("On the source, as a superuser")
            left.forEach { text.command($0) }
        }
        return try Report(DetachDocument(statementsLeft: left), text)
    }
}

/// `detach` for a program.
struct DetachDocument: Encodable {
    /// What is left to be run on the source.
    var statementsLeft: [String]
}
