import AzureAPI
import Notation
import Planning
import PostgresFormat

/// What was found in an archive.
enum ArchiveView {
    static func report(_ archive: ArchiveReport, perSegment: Bool) throws -> Report {
        let document = ArchiveDocument(archive, findings: archive.findings)
        guard perSegment else { return try Report(document, text(archive)) }
        return try Report(
            document, ["Segment", "Version", "Records", "Bytes", "Stored", "State"],
            archive.segments.map(row))
    }

    /// What an earlier check found.
    static func report(_ verdict: ArchiveVerdict) throws -> Report {
        var text = PersonText()
        text.heading(
            verdict.isSound
                ? "The WAL archive was complete." : "The WAL archive was incomplete or damaged.")
        text.field("checked", "\(verdict.time)")
        text.field("segments", "\(verdict.segments)\(verdict.last.map { ", the last one \($0)" } ?? "")")
        text.field("records", "\(verdict.records)")
        if let segment = verdict.neededFrom, let backup = verdict.neededBy {
            text.field("needed", "from \(segment) on, where backup '\(backup)' begins")
        }
        if !verdict.findings.isEmpty { text.heading("What is wrong") }
        for finding in verdict.findings { text.item(finding) }
        let more = verdict.findingCount - verdict.findings.count
        if more > 0 { text.item("and \(more) more") }
        return try Report(ArchiveVerdictDocument(verdict), text)
    }

    private static func text(_ archive: ArchiveReport) -> PersonText {
        var text = PersonText()
        text.heading(
            archive.isSound ? "The WAL archive is complete." : "The WAL archive is incomplete or damaged.")
        text.field("segments", "\(archive.segments.count)")
        text.field("records", "\(archive.segments.reduce(0) { $0 + $1.records })")
        text.field("size", ByteText.of(archive.segments.reduce(0) { $0 + $1.rawBytes }))
        text.field("stored", ByteText.of(archive.segments.reduce(0) { $0 + $1.storedBytes }))
        for line in archive.timelines {
            var words = "\(line.segments) segments, \(line.first) to \(line.last)"
            if let parent = line.parent { words += ", from timeline \(parent.timeline) at \(parent.end)" }
            text.field("timeline \(line.timeline)", words)
        }
        text.field(
            "needed",
            archive.need.map { "from \($0.segment) on, where backup '\($0.backup)' begins (\($0.lsn))" }
                ?? "none: there is no backup that can be used")
        let findings = archive.findings
        if !findings.isEmpty { text.heading("What is wrong") }
        for finding in findings { text.item(finding) }
        if !archive.strangers.isEmpty { text.heading("Files that do not belong there") }
        for stranger in archive.strangers { text.item(stranger) }
        return text
    }

    private static func row(_ segment: ArchiveReport.Segment) -> [String] {
        [
            segment.fileName, segment.version.map { "\($0.rawValue)" } ?? "", "\(segment.records)",
            "\(segment.rawBytes)", "\(segment.storedBytes)", state(segment),
        ]
    }

    private static func state(_ segment: ArchiveReport.Segment) -> String {
        if let damage = segment.damage { return "damaged: \(damage)" }
        if let end = segment.end { return "whole; the WAL ends at \(end.position)" }
        return "whole"
    }
}
