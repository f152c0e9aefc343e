import Platform
import PostgresFormat

/// Base backups of which each but the first has only what changed since the one before it.
///
/// The order is told by their labels, whatever order they are named in: an incremental backup says where the
/// one began that it goes on from.
enum IncrementalChain {
    private struct Link {
        var base: FoundBase
        var start: Place
        /// Where the backup before it began; nil of a full one.
        var previous: Place?
    }

    struct Place: Hashable {
        var lsn: LSN
        var timeline: TimelineID
    }

    private static let mostLabelBytes: UInt64 = 1 << 20

    /// Lines of a `backup_label` that only an incremental backup has, with which no server starts.
    static func isIncremental(_ line: Substring) -> Bool { line.hasPrefix("INCREMENTAL FROM ") }

    /// What the label of a backup says that was put together.
    static func whole(_ label: String) -> String {
        label.split(separator: "\n", omittingEmptySubsequences: false).filter { !isIncremental($0) }
            .joined(separator: "\n")
    }

    /// The newest of them, with those before it.
    ///
    /// Throws `.invalidParameterValue` where they do not go on from each other, `.operationNotSupported` for
    /// an incremental backup alone.
    static func join(_ bases: [FoundBase]) throws(Problem) -> FoundBase {
        var links: [Link] = []
        for base in bases {
            // An archive alone is judged when it is read; what has no label that can be read is told by
            // whoever looks at all of it.
            guard base.form == .folder || bases.count > 1, let link = try link(base) else {
                if bases.count > 1 { throw unlabelled(base) }
                return base
            }
            links.append(link)
        }
        links.sort { $0.start.lsn < $1.start.lsn }
        guard var newest = links.last?.base, let first = links.first else {
            throw Problem(.invalidParameterValue, "no base backup is named")
        }
        if let previous = first.previous { throw alone(first.base, previous) }
        for (before, link) in zip(links, links.dropFirst()) where link.previous != before.start {
            throw unrelated(link, before)
        }
        newest.earlier = links.dropLast().map { link in
            var base = link.base
            base.isEarlier = true
            return base
        }
        return newest
    }

    private static func label(_ base: FoundBase) throws(Problem) -> String? {
        if case .archives(let archive, _, _) = base.form {
            return try FoundBaseReader.label(inArchive: archive)
        }
        let path = base.path + "/backup_label"
        guard let status = DurableFiles.status(path), status.kind == .file, status.size <= mostLabelBytes
        else { return nil }
        return String(decoding: try DurableFiles.read(path, limit: mostLabelBytes), as: UTF8.self)
    }

    private static func link(_ base: FoundBase) throws(Problem) -> Link? {
        guard let text = try label(base) else { return nil }
        return try link(base, text)
    }

    private static func link(_ base: FoundBase, _ text: String) throws(Problem) -> Link? {
        // Nil is told, with the line, by whoever looks at all of it.
        guard let label = try? BackupLabel(parsing: text) else { return nil }
        var values: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") where isIncremental(line) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { values[parts[0]] = parts[1].drop { $0 == " " } }
        }
        var link = Link(base: base, start: Place(lsn: label.startLSN, timeline: label.startTimeline))
        guard !values.isEmpty else { return link }
        guard let lsn = values["INCREMENTAL FROM LSN"].flatMap({ LSN(String($0)) }),
            let timeline = values["INCREMENTAL FROM TLI"].flatMap({ UInt32($0) }), timeline > 0
        else { throw FoundBackupJudge.refused("its backup_label does not say what it goes on from") }
        link.previous = Place(lsn: lsn, timeline: TimelineID(timeline))
        return link
    }

    // MARK: Refusals

    private static func alone(_ base: FoundBase, _ previous: Place) -> Problem {
        Problem(
            .operationNotSupported,
            "the base backup is an incremental one, and the one before it is not named",
            detail: "'\(base.path)' has only what changed since the backup that began at \(previous.lsn) of "
                + "timeline \(previous.timeline)",
            hint: "Name that one too, back to the full one: --base FULL --base \(base.path).")
    }

    private static func unrelated(_ link: Link, _ before: Link) -> Problem {
        let words =
            link.previous.map { "goes on from the backup that began at \($0.lsn) of timeline \($0.timeline)" }
            ?? "is a full backup"
        return Problem(
            .invalidParameterValue, "the base backups do not go on from each other",
            detail: "'\(link.base.path)' \(words), and '\(before.base.path)' began at \(before.start.lsn) of "
                + "timeline \(before.start.timeline)",
            hint: "Name the full one and each incremental one up to the one that is wanted, and no other.")
    }

    /// Of an archive alone, when its label was read.
    static func alone(_ base: FoundBase, label: String) throws(Problem) -> Problem {
        guard let previous = try link(base, label)?.previous else { return unlabelled(base) }
        return alone(base, previous)
    }

    private static func unlabelled(_ base: FoundBase) -> Problem {
        Problem(
            .invalidParameterValue, "'\(base.path)' cannot be put in its place among the others",
            detail: "it has no backup_label that can be read",
            hint: "Several base backups are a full one and the incremental ones behind it.")
    }
}
