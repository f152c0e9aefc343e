import Planning
import Platform
public import PostgresFormat
public import Repository

/// The histories of timelines, from the archive and from the source.
public struct HeldHistories {
    public private(set) var parsed: [TimelineID: TimelineHistory] = [:]
    /// Those that cannot be read, and why.
    private(set) var damaged: [TimelineID: String] = [:]
    /// Texts that only the source has.
    private(set) var notArchived: [TimelineID: String] = [:]

    public init(_ archive: WALArchive) throws {
        for timeline in try archive.histories() {
            do {
                guard let text = try archive.history(timeline) else { continue }
                parsed[timeline] = try TimelineHistory(parsing: text, of: timeline)
            } catch {
                damaged[timeline] = (error as? Problem)?.message ?? "\(error)"
            }
        }
    }

    mutating func add(_ text: String, of timeline: TimelineID) {
        guard parsed[timeline] == nil,
            let history = try? TimelineHistory(parsing: text, of: timeline)
        else { return }
        parsed[timeline] = history
        notArchived[timeline] = text
    }

    /// The path to a timeline; one without a history has no ancestors that are known.
    func path(of timeline: TimelineID) throws -> TimelinePath {
        if let history = parsed[timeline] { return TimelinePath(history) }
        if let reason = damaged[timeline] {
            throw Problem(
                .walDamaged, "the history of timeline \(timeline) is damaged in the archive",
                detail: reason, hint: "Put \(timeline.fileName).history back, or choose another --timeline.")
        }
        return TimelinePath(TimelineHistory(root: timeline))
    }
}
