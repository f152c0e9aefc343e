import ArgumentParser
import AzureAPI
import ControlPlane
import Glibc
import Platform
import ServiceModel

struct ExplainCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Tell a restore step by step, as PostgreSQL lives it.",
        discussion: """
            With -s: what a restore would do, with the content of the files that are involved; nothing is made. With \
            -n: what one did that was made, with what PostgreSQL logged meanwhile, also when the copy has been deleted.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(
        name: .shortAndLong,
        help: "A copy that was made: its name or id, or the id of the restore's operation.",
        completion: Completions.evidence)
    var name: String?
    @Option(
        name: [.customShort("s"), .long],
        help: "The server to restore: a name in the same group, or a resource id.",
        completion: Completions.servers)
    var sourceServer: String?
    @OptionGroup var moment: MomentOptions
    @Flag(help: "On a terminal: read it in PAGER, or in less.") var pager = false
    @Option(help: .hidden) var columns: Int?

    func validate() throws {
        guard name == nil || sourceServer == nil else {
            throw ValidationError(
                "give either -s, of which a restore is to be explained, or -n, a copy that was made")
        }
        guard name != nil || sourceServer != nil else {
            throw ValidationError(
                "name the server to restore with -s, or with -n a copy that was made")
        }
        if name != nil, moment.isGiven {
            throw ValidationError("how a copy was made is known: the options of a target go with -s")
        }
    }

    func run() throws {
        guard pager, StandardStream.output.isTerminal, global.format.isForPerson else {
            return try runHere()
        }
        Interruption.setLastWords(afterwards: Self.whenKilled)
        try readInPager()
    }

    private func runHere() throws {
        Interruption.setLastWords(afterwards: Self.whenKilled)
        let session = Session(global)
        defer { session.messages.progress?.wipe() }
        try session.print(try execute(session))
    }

    /// The pager is the person's, with the person's rights and settings, so that a child goes down to the
    /// servers' account and this process does not.
    private func readInPager() throws {
        guard let program = DurableFiles.linkTarget("/proc/self/exe") else {
            throw Problem(.system, "cannot tell where the running program lies")
        }
        let width = StandardStream.output.width
        let arguments = CommandLine.arguments.dropFirst().filter { $0 != "--pager" }
        let told = try SystemCommands().run(
            Command(program, arguments + ["-o", "text", "--columns", String(width)]))
        try Interruption.flag.check()
        StandardStream.error.say(told.standardError)
        guard told.succeeded else { Glibc.exit(told.exitStatus) }
        if !Pager.show(told.standardOutput) { try StandardStream.output.write(told.standardOutput) }
    }

    func execute(_ session: Session) throws -> Report {
        let controlPlane: ControlPlane
        var report: Report
        if let name {
            controlPlane = try session.controlPlane()
            let made = try controlPlane.explainMadeRestore(name, resourceGroup: group.resourceGroup)
            report = try Report(MadeRestoreExplanationDocument(made), ExplanationView.text(made))
        } else {
            let request = try request
            controlPlane = try session.controlPlane()
            let explanation = try controlPlane.explainRestore(request)
            report = try Report(RestoreExplanationDocument(explanation), ExplanationView.text(explanation))
        }
        if let columns, case .text(let text) = report.view {
            report.view = .plain(text.render(width: columns))
        }
        return report
    }

    var request: RestoreRequest {
        get throws { try moment.request(source: sourceServer ?? "", in: group) }
    }
}
