extension ArchiveReport {
    /// A line for each thing that is wrong; empty for an archive that is whole.
    public var findings: [String] {
        segments.compactMap { segment in segment.damage.map { "\(segment.fileName): \($0)" } }
            + gaps.map { gap in
                (gap.count == 1
                    ? "\(gap.first) is missing"
                    : "\(gap.count) segments are missing, \(gap.first) to \(gap.last)")
                    + begins(in: gap)
            } + timelines.compactMap { line in line.damage.map { "timeline \(line.timeline): \($0)" } }
    }

    /// `: backup 'second' begins there`, where the first WAL that is needed is what is missing.
    private func begins(in gap: Gap) -> String {
        guard let need, need.segment >= gap.first, need.segment <= gap.last else { return "" }
        return ": backup '\(need.backup)' begins there"
    }
}
