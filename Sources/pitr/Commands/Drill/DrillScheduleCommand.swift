import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import PostgresFormat
import ServiceModel

struct DrillScheduleCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Rehearse a server's restore every day or week, or show when.",
        discussion: """
            Drills to the latest moment, run by 'pitr serve' or 'pitr maintain'; times are UTC, and lie inside the \
            server's maintenance window where it has one. The assertions and the steps are kept as they \
            are now. Steps run as the account that owns the home, which is the servers' own where root chose them; the \
            API and the portal cannot change them. A drill that fails is told by show, doctor, maintain and \
            the daemon's log.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(name: [.customShort("s"), .long], help: "The server.", completion: Completions.servers)
    var sourceServer: String
    @Option(help: ArgumentHelp("Every day at 03:00.", valueName: "time")) var daily: String?
    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Every week: sat 03:00.", valueName: "day time"))
    var weekly: [String] = []
    @Flag(help: "No drills by themselves any more.") var off = false
    @OptionGroup var work: DrillWorkOptions

    func validate() throws {
        let given = [daily != nil, !weekly.isEmpty, off].count { $0 }
        if given > 1 { throw ValidationError("give either --daily, --weekly or --off") }
        if !work.checks.isEmpty || !work.step.isEmpty, daily == nil, weekly.isEmpty {
            throw ValidationError("--checks and --step go with --daily or --weekly")
        }
        if !(0.1...DrillSchedule.longestTimeLimit).contains(work.timeLimit) {
            throw ValidationError("--time-limit is a number of seconds, from 0.1 to 3600 by a schedule")
        }
    }

    func execute(_ session: Session) throws -> Report {
        let server = ServerReference(resourceGroup: group.resourceGroup, name: sourceServer)
        var schedule: DrillSchedule?
        if let daily { schedule = try DrillSchedule(daily: daily) }
        if !weekly.isEmpty { schedule = try DrillSchedule(weekly: weekly.joined(separator: " ")) }
        schedule?.assertions = try DrillAssertionFiles.read(work.checks)
        schedule?.steps = work.step.isEmpty ? nil : work.step.map(\.step)
        schedule?.database = work.databaseName
        schedule?.timeLimit = work.timeLimit
        let controlPlane = try session.controlPlane()
        if schedule != nil || off { try controlPlane.schedule(schedule, for: server) }
        let known = try controlPlane.drillSchedule(server)
        var text = PersonText()
        text.heading("Drills of server \(server.name)")
        text.field("When", known?.words ?? "only when somebody asks for one")
        text.field("Next", known?.nextDue(after: controlPlane.now)?.wholeSeconds)
        text.field("Assertions", known.map { $0.assertions.map(\.name).joined(separator: ", ") })
        for step in known?.steps ?? [] { text.field("Step \(step.name)", step.command) }
        return try Report(
            DrillScheduleDocument(known, server: server, now: controlPlane.now), text)
    }
}
