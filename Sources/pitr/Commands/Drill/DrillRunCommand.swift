import ArgumentParser
import ControlPlane
import Glibc
import Platform
import ServiceModel

struct DrillRunCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Restore to a temporary copy, try it rung by rung, remove it.",
        discussion: """
            The rungs: complete and open, every page checksum, pg_amcheck, row counts, foreign keys, your assertions, \
            a comparison with the drill before, your steps, clean-up. Each passed, failed or was not run; what you \
            asked for and could not be run fails the drill. An assertion is a file of SQL whose queries return no row; \
            it runs as the administrator, read-only. A step runs in a shell as you, with PGHOST, PGPORT, PGUSER, \
            PGDATABASE, PGPASSWORD, PGSSLMODE and PGSSLROOTCERT of the copy; any exit status but 0 fails. \
            Exit status: 0 passed, 1 failed. Without a time: the latest moment.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @OptionGroup var target: TargetOptions
    @OptionGroup var work: DrillWorkOptions
    @Flag(help: "Leave the copy; it is an ordinary server then.") var keep = false
    @OptionGroup var noWait: NoWaitOption

    func validate() throws {
        if !(0.1...1_000_000).contains(work.timeLimit) {
            throw ValidationError("--time-limit is a number of seconds, 0.1 or more")
        }
        if noWait.noWait, !work.step.isEmpty {
            throw ValidationError(
                "steps run with your rights while you wait: --step does not go with --no-wait")
        }
    }

    func execute(_ session: Session) throws -> Report {
        var request = DrillRequest(try target.request(in: group))
        request.assertions = try DrillAssertionFiles.read(work.checks)
        request.database = work.databaseName
        request.keepsCopy = keep
        request.timeLimit = work.timeLimit
        if noWait.noWait { return try noWait.accept(.drill(request), session.controlPlane(), session) }
        // Before root becomes the servers' account: steps have the caller's rights.
        let steps = work.step.isEmpty ? nil : try DrillStepHelper(work.step.map(\.step))
        defer { steps?.close() }
        let record = try session.controlPlane().runDrill(request, steps: steps) {
            PlanCommand.announce($0, session)
        }
        var report = try DrillView.report(record)
        report.failure = record.failure
        return report
    }
}

/// `name=COMMAND`
struct DrillStepWords: ExpressibleByArgument {
    let name: String
    let command: String

    init?(argument: String) {
        guard let place = argument.firstIndex(of: "="), place != argument.startIndex else { return nil }
        name = String(argument[..<place])
        command = String(argument[argument.index(after: place)...])
        guard !command.isEmpty, !name.contains(where: \.isNewline) else { return nil }
    }

    var step: DrillCommand { DrillCommand(name: name, command: command) }
}

/// Assertions as a person keeps them; to be read with that person's rights.
enum DrillAssertionFiles {
    static func read(_ paths: [String]) throws -> [DrillAssertion] {
        var found: [DrillAssertion] = []
        for path in paths {
            var status = stat()
            let isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            guard isFolder else {
                found.append(try assertion(path))
                continue
            }
            let names = try DurableFiles.list(path).filter { $0.hasSuffix(".sql") && !$0.hasPrefix(".") }
            guard !names.isEmpty else {
                throw Problem(
                    .usage, "the folder \(path) has no file *.sql",
                    hint: "Each assertion is a file of its own there.")
            }
            for name in names.sorted() { found.append(try assertion(path + "/" + name)) }
        }
        return found
    }

    private static func assertion(_ path: String) throws(Problem) -> DrillAssertion {
        DrillAssertion(
            name: path.split(separator: "/").last.map(String.init) ?? path, sql: try PersonalFile(path).text()
        )
    }
}
