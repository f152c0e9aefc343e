import ArgumentParser

/// A command: options, one call, one report.
protocol PitrCommand: ParsableCommand {
    var global: GlobalOptions { get }
    /// What it leaves when it is ended before it could clean up.
    static var whenKilled: KilledCommand { get }

    func execute(_ session: Session) throws -> Report
}

extension PitrCommand {
    static var whenKilled: KilledCommand { .standard }

    func run() throws {
        Interruption.setLastWords(afterwards: Self.whenKilled)
        let session = Session(global)
        // A failure's message must not stand behind a half-drawn progress line.
        defer { session.messages.progress?.wipe() }
        let report = try execute(session)
        try session.print(report)
        if let failure = report.failure { throw failure }
        if report.exitStatus != 0 {
            try StandardStream.output.finish()
            throw ToldFailure(exitStatus: report.exitStatus)
        }
    }

    /// For results that a shell reads: without `-o` they are plain lines wherever they go.
    func runForShell() throws {
        Interruption.setLastWords(afterwards: Self.whenKilled)
        let session = Session(global)
        defer { session.messages.progress?.wipe() }
        let report = try execute(session)
        if global.output == nil, global.query == nil, case .plain(let text) = report.view {
            try StandardStream.output.write(text)
        } else {
            try session.print(report)
        }
    }
}
