import ArgumentParser
import Platform

/// Looking again and again.
struct WatchOption: ParsableArguments {
    @Flag(help: "Show it again whenever it changes, until Ctrl-C.") var watch = false
}

enum Watch {
    /// Shows what `look` finds each time it has changed: on a terminal in the place of what stood there,
    /// elsewhere below it.
    ///
    /// - Parameter look: what there is, and whether it will not change any more.
    static func run(
        _ session: Session, _ look: () throws -> (report: Report, isOver: Bool)
    ) throws -> Report {
        let stream = StandardStream.output
        var shown: String?
        while true {
            let (report, isOver): (Report, Bool)
            do {
                (report, isOver) = try look()
            } catch {
                guard Interruption.flag.isCancelled else { throw error }
                return .nothing
            }
            let text = try session.text(of: report)
            if text != shown {
                guard try stream.write((stream.isTerminal ? clear : "") + text) else { return .nothing }
                shown = text
            }
            guard !isOver else {
                var last = Report.nothing
                last.failure = report.failure
                return last
            }
            for _ in 0..<10 {
                // Ctrl-C is how somebody ends it, and no failure.
                guard !Interruption.flag.isCancelled else { return .nothing }
                Pause.milliseconds(100)
            }
        }
    }

    /// The cursor to the top left, and everything from there on gone.
    private static let clear = "\u{1B}[H\u{1B}[J"
}
