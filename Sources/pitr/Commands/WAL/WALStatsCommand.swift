import ArgumentParser
import PostgresFormat

struct WALStatsCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Count the records of the WAL by kind, as 'pg_waldump --stats' does.",
        discussion: """
            Without a segment or a range it is all of the archived WAL. Of these two, what is not archived yet \
            is read from the server itself, as 'show' does.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var wal: WALOptions
    @Flag(help: "A line for each kind of record, not for each resource manager.") var perRecord = false

    func execute(_ session: Session) throws -> Report {
        let (statistics, ends) = try wal.source(wholeIsMeant: true).statistics(session)
        var report = try StatisticsView.report(statistics, perRecord: perRecord)
        report.failure = WALOptions.Source.tell(ends, session)
        return report
    }
}
