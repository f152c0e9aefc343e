import ArgumentParser
import ControlPlane

struct MaintainCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintain",
        abstract:
            "Take the backups that are due, expire what retention no longer needs, clean up after crashes.")

    @OptionGroup var global: GlobalOptions
    @Option(
        help: ArgumentHelp("Act as if it were this time.", valueName: "time"), transform: TimeText.init)
    var asOf: TimeText?
    @Flag(help: "Say what would be done and do nothing.") var dryRun = false

    @Flag(
        help: ArgumentHelp(
            "Delete at once what is due by time, without waiting for 24 hours of uptime.",
            discussion: "For who has looked at the clock and found it right."))
    var acceptClock = false

    func execute(_ session: Session) throws -> Report {
        if let note = asOf?.note { session.messages.note(note) }
        return try Report(
            try session.controlPlane().maintain(
                asOf: asOf?.instant, dryRun: dryRun, acceptClock: acceptClock))
    }
}
