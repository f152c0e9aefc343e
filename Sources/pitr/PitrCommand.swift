import ArgumentParser

/// A command: options, one call, one report.
protocol PitrCommand: ParsableCommand {
    var global: GlobalOptions { get }

    func execute(_ session: Session) throws -> Report
}

extension PitrCommand {
    func run() throws {
        let session = Session(global)
        // A failure's message must not stand behind a half-drawn progress line.
        defer { session.messages.progress?.wipe() }
        let report = try execute(session)
        try session.print(report)
        if let failure = report.failure { throw failure }
    }
}
