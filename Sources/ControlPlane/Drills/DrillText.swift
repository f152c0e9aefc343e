import Notation
import Platform
import PostgresFormat
public import ServiceModel

/// A drill for people and for what collects tests' results.
public struct DrillText: Sendable {
    /// Of an assertion, in the report.
    static let mostRows = 20
    private static let mostLines = 60
    private static let mostBytes = 400

    private let record: DrillRecord

    public init(_ record: DrillRecord) {
        self.record = record
    }

    /// Lines that fit into a report; what is left out is said.
    static func cut(_ lines: [String]) -> [String] {
        let short = lines.prefix(mostLines).map { line in
            line.utf8.count <= mostBytes
                ? line : String(decoding: line.utf8.prefix(mostBytes), as: UTF8.self) + " (cut)"
        }
        let rest = lines.count - short.count
        return short + (rest > 0 ? ["(\(rest) more lines are left out)"] : [])
    }

    /// `1.07 s`, `3.2 min`.
    public static func seconds(_ value: Double) -> String {
        if value >= 120 { return "\((value / 6).rounded() / 10) min" }
        return "\((value * 100).rounded() / 100) s"
    }

    // MARK: Markdown

    public var markdown: String {
        var lines = [
            "# Drill \(record.id): \(record.result.rawValue)", "",
            "Restore of server \(Self.inline(record.serverName)) to \(Self.inline(record.target)), asked for by "
                + "\(Self.inline(record.caller))\(record.isScheduled ? ", on schedule" : "").", "",
        ]
        if let reason = record.reason { lines += ["**\(Self.inline(reason))**", ""] }
        lines += facts.map { "- \($0.name): \(Self.inline($0.value))" }
        lines += ["", "| | Checked | Took | Found |", "|---|---|---|---|"]
        lines += record.rungs.map { rung in
            "| \(rung.outcome.words) | \(Self.cell(rung.name)) | \(Self.seconds(rung.seconds)) "
                + "| \(Self.cell(rung.summary)) |"
        }
        for rung in record.rungs where !rung.details.isEmpty {
            lines += ["", "## \(Self.inline(rung.name))", ""]
            lines += rung.details.map { "    " + $0.visible() }
        }
        for note in record.notes { lines += ["", Self.inline(note)] }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Numbers that people ask for, with their names.
    public var facts: [(name: String, value: String)] {
        var facts = [(name: "Started", value: record.startedAt.wholeSeconds)]
        if let seconds = record.seconds { facts.append(("Whole drill", Self.seconds(seconds))) }
        if let restore = record.restore {
            let steps = restore.steps.map { "\($0.name) \(Self.seconds($0.seconds))" }
            facts.append(("Recovery time", Self.seconds(restore.seconds)))
            facts.append(("Of which", steps.joined(separator: ", ")))
            let behind =
                restore.secondsBehind.map { ", \(Self.seconds($0)) before the moment asked for" } ?? ""
            facts.append(
                (
                    "Recovery point",
                    restore.lastCommitInside.map { "last commit \($0)\(behind)" }
                        ?? "nothing was committed behind the backup"
                ))
            facts.append(
                (
                    "Made of",
                    "backup \(restore.backup) and \(restore.walSegments) segments of WAL, \(restore.walStart) to "
                        + "\(restore.walEnd)"
                ))
            facts.append(
                ("Copy", "\(ByteText.of(restore.dataBytes)), PostgreSQL \(restore.postgresVersion)"))
        }
        if let trend = record.trend { facts.append(("Trend", trend.words)) }
        facts.append(("Rungs", record.tally))
        return facts
    }

    /// Names and rows come from the database: nothing in them is markup.
    private static func inline(_ text: String) -> String {
        // By scalars: a combining mark behind it makes another character of a sign, not of markup.
        var escaped = String.UnicodeScalarView()
        for scalar in text.visible().unicodeScalars {
            if "\\`*_{}[]<>#|!&~".unicodeScalars.contains(scalar) { escaped.append("\\") }
            escaped.append(scalar)
        }
        return String(escaped)
    }

    private static func cell(_ text: String) -> String { inline(text).replacing("\n", with: " ") }

    // MARK: JUnit

    /// As CI systems read it: a rung is a test.
    public var junit: String {
        let failures = record.rungs.count { $0.spoils }
        let skipped = record.rungs.count { $0.outcome == .notRun && !$0.isAsked }
        let time = Self.number(record.seconds ?? 0)
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#,
            "<testsuites>",
            "  <testsuite name=\"\(Self.xml("drill of \(record.serverName)"))\" tests=\"\(record.rungs.count)\" "
                + "failures=\"\(failures)\" errors=\"0\" skipped=\"\(skipped)\" time=\"\(time)\" "
                + "timestamp=\"\(Self.xml(String(record.startedAt.wholeSeconds.prefix { $0 != "Z" })))\">",
        ]
        for rung in record.rungs {
            let head =
                "    <testcase classname=\"drill.\(rung.kind.rawValue)\" name=\"\(Self.xml(rung.name))\" "
                + "time=\"\(Self.number(rung.seconds))\""
            let words = Self.xml(([rung.summary] + rung.details).joined(separator: "\n"))
            let message = Self.xml(rung.summary)
            switch rung.outcome {
            case .passed: lines.append(head + "><system-out>\(words)</system-out></testcase>")
            case .notRun where !rung.isAsked:
                lines.append(head + "><skipped message=\"\(message)\"/></testcase>")
            case .failed, .notRun:
                let kind = rung.outcome == .failed ? "failed" : "not run"
                lines.append(
                    head + "><failure type=\"\(kind)\" message=\"\(message)\">\(words)</failure></testcase>")
            }
        }
        lines += ["  </testsuite>", "</testsuites>"]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func number(_ seconds: Double) -> String { String((seconds * 1000).rounded() / 1000) }

    /// Escaped, and without what XML 1.0 cannot hold at all.
    private static func xml(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\n": escaped += "&#10;"
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
                escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
