import ArgumentParser
import ControlPlane
import Foundation
import Planning
import Platform
import PostgresFormat
import ServiceModel
import WALEvents

/// Names a server's log or a part of it: `SEGMENT` or `LSN..LSN`, or a file.
struct WALOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A segment's 24 digits, LSN..LSN (the second may be left out), or a file's path.",
            valueName: "segment|lsn..lsn|file"),
        completion: .file())
    var part: String?

    @OptionGroup var group: GroupOption

    @Option(
        name: [.customShort("s"), .long], help: "Name of the server; not needed for a file.",
        completion: Completions.servers)
    var serverName: String?

    @Option(help: ArgumentHelp("Timeline of an LSN range; else the newest that has it.", valueName: "number"))
    var timeline: UInt32?

    /// Where the records come from.
    enum Source {
        case file(String)
        case server(ServerReference, WALPart)
    }

    /// - Parameter wholeIsMeant: whether a server alone means all of its WAL.
    func source(wholeIsMeant: Bool) throws -> Source {
        if let part, SegmentName(fileName: part, size: .smallest) == nil, part.contains("/") || isFile(part),
            range(part) == nil
        {
            if isFile(part) { return .file(part) }
            if let flaw = Self.flaw(ofPositions: part) { throw flaw }
            throw Problem(.resourceNotFound, "there is no file \(part)")
        }
        guard let serverName else {
            if let part, isFile(part) { return .file(part) }
            throw Problem(.usage, "which server's WAL is meant?", hint: "Use -s NAME, or the path of a file.")
        }
        let server = ServerReference(resourceGroup: group.resourceGroup, name: serverName)
        guard let part else {
            guard wholeIsMeant else {
                throw Problem(
                    .usage, "which part of the WAL is meant?",
                    hint: "Give a segment's name or LSN..LSN; 'pitr wal verify' lists what there is.")
            }
            return .server(server, .whole)
        }
        if let range = range(part) {
            return .server(server, .range(range, timeline: timeline.map(TimelineID.init)))
        }
        return .server(server, .segment(part))
    }

    /// Reads `LSN..LSN`; nil for anything else, also for a range that goes backwards.
    func range(_ text: String) -> Range<LSN>? {
        let ends = text.components(separatedBy: "..")
        guard ends.count == 2, let from = LSN(ends[0]) else { return nil }
        if ends[1].isEmpty { return from..<LSN.max }
        guard let to = LSN(ends[1]), from <= to else { return nil }
        return from..<to
    }

    /// What is wrong with something that looks like positions and is no range; nil where it does not.
    static func flaw(ofPositions text: String) -> Problem? {
        if let position = LSN(text) {
            return Problem(
                .usage, "\(position) is one position, not a range of WAL positions",
                hint: "Say where it ends, '\(position)..LSN', or go on to the end of the WAL with "
                    + "'\(position)..' (--limit 1 for one record).")
        }
        let ends = text.components(separatedBy: "..")
        guard ends.count == 2, !text.hasPrefix("."), !text.hasPrefix("/") else { return nil }
        if let from = LSN(ends[0]), let to = LSN(ends[1]), to < from {
            return Problem(
                .usage, "'\(text)' ends before it begins",
                hint: "Say it the other way round: \(to)..\(from).")
        }
        return Problem(
            .usage, "'\(text)' is not a range of WAL positions",
            hint: "Positions look like 16/B374D848, a stretch like 16/B374D848..16/B3800000.")
    }

    private func isFile(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}

extension WALOptions.Source {
    /// Counts the records; answers the same ends as `read`.
    func statistics(_ session: Session) throws -> (WALStatistics, [ReadingEnd]) {
        switch self {
        case .file(let path):
            let (statistics, end) = try ControlPlane.walStatistics(file: path)
            return (statistics, end.map { [.wal($0)] } ?? [])
        case .server(let server, let selection):
            return try session.controlPlane().walStatistics(server, selection)
        }
    }

    /// Says where WAL ended sooner than asked for; damage is a failure, said after what was read.
    static func tell(_ ends: [ReadingEnd], _ session: Session) -> Problem? {
        var failure: Problem?
        for end in ends {
            if case .damaged(let position, let reason) = end {
                failure =
                    failure
                    ?? Problem(
                        .walDamaged, "the WAL is damaged at \(position)", detail: reason,
                        hint: "'pitr plan -s SERVER' tells what can be restored in front of it and behind it."
                    )
            } else {
                session.messages.note("the WAL ends at \(end.position): \(end.explanation)")
            }
        }
        return failure
    }

    /// Visits the records, with what each is about or names; answers where and why WAL ended
    /// sooner than asked for. A file's names are not: nothing tells of which server it is.
    func read(
        _ session: Session, _ visit: (borrowing WALRecord, [RecordMention]) throws(Problem) -> Bool
    ) throws -> [ReadingEnd] {
        switch self {
        case .file(let path):
            let end = try ControlPlane.readWAL(file: path) { (record) throws(Problem) in
                try visit(record, [])
            }
            return end.map { [.wal($0)] } ?? []
        case .server(let server, let selection):
            return try session.controlPlane().readWAL(server, selection, visit)
        }
    }
}
