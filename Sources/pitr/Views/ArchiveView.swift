import Planning
import PostgresFormat

/// What was found in an archive.
enum ArchiveView {
    static func report(_ archive: ArchiveReport, perSegment: Bool) -> Report {
        let view: Report.View =
            perSegment
            ? .columns(
                ColumnTable(
                    header: ["Segment", "Version", "Records", "Bytes", "Stored", "State"],
                    rows: archive.segments.map(row)))
            : .text(text(archive))
        return Report(value: value(archive), view: view)
    }

    /// A line for each thing that is wrong.
    static func findings(_ archive: ArchiveReport) -> [String] {
        archive.segments.compactMap { segment in segment.damage.map { "\(name(segment)): \($0)" } }
            + archive.gaps.map { gap in
                (gap.count == 1
                    ? "\(gap.first) is missing"
                    : "\(gap.count) segments are missing, \(gap.first) to \(gap.last)")
                    + begins(archive.need, in: gap)
            }
            + archive.timelines.compactMap { line in line.damage.map { "timeline \(line.timeline): \($0)" } }
    }

    /// `: backup 'second' begins there`, where the first WAL that is needed is what is missing.
    private static func begins(_ need: ArchiveReport.Need?, in gap: ArchiveReport.Gap) -> String {
        guard let need, need.segment >= gap.first, need.segment <= gap.last else { return "" }
        return ": backup '\(need.backup)' begins there"
    }

    private static func text(_ archive: ArchiveReport) -> PersonText {
        var text = PersonText()
        text.heading(
            archive.isSound ? "The WAL archive is complete." : "The WAL archive is incomplete or damaged.")
        text.field("segments", "\(archive.segments.count)")
        text.field("records", "\(archive.segments.reduce(0) { $0 + $1.records })")
        text.field("size", ByteText.size(archive.segments.reduce(0) { $0 + $1.rawBytes }))
        text.field("stored", ByteText.size(archive.segments.reduce(0) { $0 + $1.storedBytes }))
        for line in archive.timelines {
            var words = "\(line.segments) segments, \(line.first) to \(line.last)"
            if let parent = line.parent { words += ", from timeline \(parent.timeline) at \(parent.end)" }
            text.field("timeline \(line.timeline)", words)
        }
        text.field(
            "needed",
            archive.need.map { "from \($0.segment) on, where backup '\($0.backup)' begins (\($0.lsn))" }
                ?? "none: there is no backup that can be used")
        let findings = findings(archive)
        if !findings.isEmpty { text.heading("What is wrong") }
        for finding in findings { text.item(finding) }
        if !archive.strangers.isEmpty { text.heading("Files that do not belong there") }
        for stranger in archive.strangers { text.item(stranger) }
        return text
    }

    private static func row(_ segment: ArchiveReport.Segment) -> [String] {
        [
            name(segment), segment.version.map { "\($0.rawValue)" } ?? "", "\(segment.records)",
            "\(segment.rawBytes)", "\(segment.storedBytes)", state(segment),
        ]
    }

    private static func name(_ segment: ArchiveReport.Segment) -> String {
        segment.name.fileName + (segment.isPartial ? ".partial" : "")
    }

    private static func state(_ segment: ArchiveReport.Segment) -> String {
        if let damage = segment.damage { return "damaged: \(damage)" }
        if let end = segment.end { return "whole; the WAL ends at \(end.position)" }
        return "whole"
    }

    private static func value(_ archive: ArchiveReport) -> OutputValue {
        .object([
            "isWhole": .bool(archive.isSound),
            "findings": .list(findings(archive).map(OutputValue.text)),
            "segments": .list(archive.segments.map(value)),
            "gaps": .list(
                archive.gaps.map { gap in
                    .object([
                        "first": .text(gap.first.fileName), "last": .text(gap.last.fileName),
                        "count": .integer(Int(clamping: gap.count)),
                    ])
                }),
            "neededFrom": archive.need.map(value) ?? .null,
            "timelines": .list(archive.timelines.map(value)),
            "strangers": .list(archive.strangers.map(OutputValue.text)),
        ])
    }

    private static func value(_ segment: ArchiveReport.Segment) -> OutputValue {
        .object([
            "name": .text(name(segment)), "timeline": .integer(Int(segment.name.timeline.rawValue)),
            "start": .text("\(segment.name.start)"),
            "records": .integer(Int(clamping: segment.records)),
            "rawBytes": .integer(Int(clamping: segment.rawBytes)),
            "storedBytes": .integer(Int(clamping: segment.storedBytes)),
            "postgresVersion": segment.version.map { .integer($0.rawValue) } ?? .null,
            "logEnd": segment.end.map { .text("\($0.position)") } ?? .null,
            "logEndReason": segment.end.map { .text($0.explanation) } ?? .null,
            "damage": segment.damage.map(OutputValue.text) ?? .null,
        ])
    }

    private static func value(_ need: ArchiveReport.Need) -> OutputValue {
        .object([
            "segment": .text(need.segment.fileName), "lsn": .text("\(need.lsn)"),
            "backup": .text(need.backup),
        ])
    }

    private static func value(_ line: ArchiveReport.Timeline) -> OutputValue {
        .object([
            "timeline": .integer(Int(line.timeline.rawValue)), "first": .text(line.first.fileName),
            "last": .text(line.last.fileName), "segments": .integer(line.segments),
            "parent": line.parent.map { .integer(Int($0.timeline.rawValue)) } ?? .null,
            "beganAt": line.parent.map { .text("\($0.end)") } ?? .null,
            "damage": line.damage.map(OutputValue.text) ?? .null,
        ])
    }
}
