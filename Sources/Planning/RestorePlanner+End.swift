public import PostgresFormat

extension Hazard {
    /// The source's WAL may have gone on.
    public static let unprovenEnd = "unproven-end"
    /// The source's WAL went on, and somebody has taken what is readable for all of it.
    public static let acceptedEnd = "accepted-end"
}

extension RestorePlan {
    /// What has to be said of the cut wherever the copy is: with the restore's result and in its evidence.
    public var remarks: [String] {
        let codes = [Hazard.timesGoBack, Hazard.unprovenEnd, Hazard.acceptedEnd]
        return hazards.filter { codes.contains($0.code) }.map(\.message)
    }
}

extension RestorePlanner {
    /// What is to be said of the end of the WAL, where the state that is restored depends on it.
    func endHazards(_ draft: Draft) -> [Hazard] {
        guard draft.target.isPlainTime, draft.firstOutside == nil else { return [] }
        if let damage = inventory.acceptedEnd {
            return [
                Hazard(
                    code: Hazard.acceptedEnd,
                    message: "the end of the source's WAL was accepted, and is not proved: it is "
                        + "\(damage.explanation). What was committed behind \(damage.position) is not in the copy"
                )
            ]
        }
        guard let end = inventory.unprovenEnd else { return [] }
        return [
            Hazard(
                code: Hazard.unprovenEnd,
                message:
                    "the source did not stop in order: its WAL is readable up to \(end), and nothing proves "
                    + "whether more was committed. PostgreSQL itself would recover up to there")
        ]
    }
}

extension RestorePlanner {
    /// Where the last record ends that is held; nil where there is none.
    public func lastEnd() throws -> LSN? {
        let wal = TimelineWAL(timeline: inventory.path.timeline, segments: inventory.segments)
        return try lastRecord(before: .max, in: wal)?.end
    }

    /// Whether any record is held that begins at a position or behind it.
    public func reaches(beyond position: LSN) throws -> Bool {
        let wal = TimelineWAL(timeline: inventory.path.timeline, segments: inventory.segments)
        return try lastRecord(before: .max, in: wal).map { $0.start >= position } ?? false
    }
}
