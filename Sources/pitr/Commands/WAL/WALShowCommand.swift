import ArgumentParser
import Platform
import PostgresFormat
import WALEvents

struct WALShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the contents of the WAL, one record per line.",
        discussion: """
            One line per record: where it begins, its transaction, what it is, what it says, and which \
            relations it is about or names, as they were called there. The records of a segment are those that \
            begin in it. What is not archived yet is read from the server itself, or from its files where it \
            is stopped; nothing is written there.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var wal: WALOptions
    @Flag(help: "The raw fields: lengths, the record before, blocks and page images.") var raw = false
    @Option(help: ArgumentHelp("No more records than this.", valueName: "count")) var limit: Int?
    @Option(help: ArgumentHelp("Only the records of one transaction.", valueName: "number")) var xid: UInt32?

    func validate() throws {
        if global.query != nil {
            throw ValidationError(
                "records are printed as they are read, without --query; '-o json' goes into jq")
        }
    }

    func execute(_ session: Session) throws -> Report {
        if let limit, limit < 1 { throw Problem(.usage, "--limit is at least 1") }
        let output = StandardStream.output
        var stream = ReportStream(global.format, colors: output.isTerminal) { text in
            try output.write(
                output.isTerminal && global.format == .tsv ? text.visible(keepsLines: true) : text)
        }
        var shown = 0
        var failure: (any Error)?
        let ends = try wal.source(wholeIsMeant: false).read(session) { (record, mentions) throws(Problem) in
            if let xid, record.xid.rawValue != xid { return true }
            do {
                try stream.add(
                    RecordView.document(record, mentions, raw: raw),
                    line: raw ? RecordView.rawLine(record, mentions) : RecordView.line(record, mentions))
            } catch {
                failure = error
                return false
            }
            shown += 1
            return stream.hasReader && limit.map { shown < $0 } ?? true
        }
        if let failure { throw failure }
        try stream.finish()
        var report = Report.nothing
        report.failure = WALOptions.Source.tell(ends, session)
        return report
    }
}
