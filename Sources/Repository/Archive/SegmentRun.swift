import Planning
import Platform
import PostgresFormat

/// Segments that follow on directly, read by one decoder, so that what crosses from one into the next is
/// checked as well.
struct SegmentRun {
    private let segments: [ArchivedSegment]
    private let archive: WALArchive
    private let systemIdentifier: UInt64

    init(_ segments: [ArchivedSegment], in archive: WALArchive, _ systemIdentifier: UInt64) {
        self.segments = segments
        self.archive = archive
        self.systemIdentifier = systemIdentifier
    }

    /// What each segment was found to be; the last one with the beginning of the next, if that is stored.
    func checked(
        _ progress: any ProgressReporter, _ cancellation: CancellationFlag
    ) throws(Problem) -> [ArchiveReport.Segment] {
        var found: [ArchiveReport.Segment] = []
        var decoder: WALDecoder?
        for segment in segments {
            try cancellation.check()
            var state = Self.decoder(segment.name, decoder)
            found.append(try checked(segment, &state))
            progress.advance(bytes: segment.storedBytes)
            decoder = found.last?.damage == nil && found.last?.end == nil ? state : nil
        }
        if var decoder, let last = segments.last, decoder.tailFragment != nil {
            switch try finish(&decoder, behind: last) {
            case .whole: found[found.count - 1].records += 1
            case .broken(let damage): found[found.count - 1].damage = damage
            case .unknown: break
            }
        }
        return found
    }

    /// The decoder that read the segment before, or a fresh one.
    private static func decoder(_ name: SegmentName, _ before: WALDecoder?) -> WALDecoder {
        if let before, before.nextPage == name.start { return before }
        return WALDecoder(start: name.start, segmentSize: name.size, maximumTimeline: name.timeline)
    }

    private func checked(
        _ segment: ArchivedSegment, _ decoder: inout WALDecoder
    ) throws(Problem) -> ArchiveReport.Segment {
        var result = ArchiveReport.Segment(
            name: segment.name, isPartial: segment.isPartial, storedBytes: segment.storedBytes)
        if let damage = segment.damage {
            result.damage = "\(damage)"
            return result
        }
        var end: WALEnd?
        var records: UInt64 = 0
        var bytes: UInt64 = 0
        let damage = try archive.reading(segment.archivedName) { (pages) throws(Problem) in
            bytes += UInt64(pages.count)
            if end == nil || end?.isSwitch == true {
                end = decoder.feed(pages) { _ in
                    records += 1
                    return true
                }
            }
        }
        result.rawBytes = bytes
        result.records = records
        result.version = decoder.version
        if end?.isSwitch != true { result.end = end }
        if let damage {
            result.damage = "\(damage)"
        } else if let found = decoder.systemIdentifier, found != systemIdentifier {
            result.damage = "it belongs to another cluster, system \(found)"
        } else if bytes != segment.name.size.bytes, !segment.isPartial {
            result.damage = "it has \(bytes) bytes, not \(segment.name.size.bytes)"
        }
        return result
    }

    private enum Rest {
        case whole
        case broken(String)
        /// What would tell is not there, or is damaged itself.
        case unknown
    }

    /// Reads on until the record is whole that began in the run's last segment.
    private func finish(_ decoder: inout WALDecoder, behind last: ArchivedSegment) throws(Problem) -> Rest {
        var name = last.name.next
        while archive.contains(.segment(name)) {
            var end: WALEnd?
            do throws(Problem) {
                try archive.withContent(of: .segment(name)) { (pages) throws(Problem) in
                    end = decoder.feed(pages) { _ in false }
                    return end == nil
                }
            } catch {
                guard error.code == .walDamaged else { throw error }
                return .unknown
            }
            switch end {
            case nil: name = name.next
            case .stopped: return .whole
            case .some(let end):
                guard let flaw = end.flaw else { return .unknown }
                return .broken(
                    "the record that begins at \(end.position) and goes on in \(name): \(flaw.explanation)")
            }
        }
        return .unknown
    }
}

extension WALEnd {
    fileprivate var isSwitch: Bool {
        if case .switched = self { true } else { false }
    }
}
