import ControlPlane
import Foundation
import Platform
import ServiceModel

/// What one run of the program has at hand: the composition root.
struct Session: Sendable {
    let options: GlobalOptions
    let messages: Messages
    let confirmation = Confirmation()
    /// Who called, as long as that can be told: before root steps down.
    private let person = Person.current()
    let progress: any ProgressReporter

    init(_ options: GlobalOptions) {
        self.options = options
        let drawn =
            StandardStream.error.isTerminal && !options.onlyShowErrors ? TerminalProgress() : nil
        messages = Messages(isQuiet: options.onlyShowErrors, isVerbose: options.verbose, progress: drawn)
        if let drawn {
            progress = drawn
        } else if options.verbose {
            progress = LineProgress()
        } else {
            progress = SilentProgress()
        }
    }

    /// Becomes the service account and opens the state. From here on files are the account's, also when root
    /// called: what must be opened with the caller's rights is opened before.
    func controlPlane() throws -> ControlPlane {
        try controlPlane(adopt(), caller: Caller(person))
    }

    /// As `controlPlane`, for what the tool does by itself, whoever started it.
    func unattendedControlPlane() throws -> ControlPlane {
        try controlPlane(adopt(), caller: .local)
    }

    /// As `controlPlane`, after a new catalog has been made in the place of a lost or damaged one.
    func rebuiltControlPlane() throws -> (ControlPlane, [DoctorFinding]) {
        let account = try adopt()
        let findings = try ControlPlane.rebuildCatalog(
            account: account, cancellation: Interruption.flag)
        return (try controlPlane(account, caller: Caller(person)), findings)
    }

    private func adopt() throws -> ServiceAccount {
        let account = try ServiceAccount.adopt(home: try home())
        messages.detail("state: \(account.home), account: \(account.name)")
        return account
    }

    private func controlPlane(_ account: ServiceAccount, caller: Caller) throws -> ControlPlane {
        try ControlPlane(
            account: account, progress: progress, cancellation: Interruption.flag, caller: caller,
            stepsMaker: { try DrillStepHelper($0, isScheduled: true) })
    }

    /// The state directory, absolute: the working directory changes later.
    func home() throws -> String {
        if let given = options.home {
            return given.hasPrefix("/") ? given : FileManager.default.currentDirectoryPath + "/" + given
        }
        return try StateHome.standard(
            environment: ProcessInfo.processInfo.environment, isRoot: geteuid() == 0)
    }

    /// Whether a command in another shell finds the state directory without being told. To be asked before
    /// root steps down.
    func hasUsualHome() throws -> Bool {
        var environment = ProcessInfo.processInfo.environment
        environment["PITR_HOME"] = nil
        // Where there is no usual one, it has to be told.
        return try home() == (try? StateHome.standard(environment: environment, isRoot: geteuid() == 0))
    }

    /// Prints a result in the format that was asked for.
    func print(_ report: Report) throws {
        messages.progress?.wipe()
        let stream = StandardStream.output
        let isWritten =
            try options.query == nil
            && report.write(
                options.format, colors: stream.isTerminal && TerminalColor.isWanted()
            ) { text in try stream.write(text) }
        if !isWritten { try stream.write(text(of: report)) }
    }

    /// The result as it is printed, in the format that was asked for.
    func text(of report: Report) throws -> String {
        let stream = StandardStream.output
        let text = try report.render(
            options.format, query: options.query, colors: stream.isTerminal && TerminalColor.isWanted(),
            width: stream.width, fits: stream.isTerminal)
        // Values between tabs have no way to write a control character down; a program gets them as they are.
        return stream.isTerminal && options.format == .tsv ? text.visible(keepsLines: true) : text
    }
}
