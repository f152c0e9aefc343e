import Planning
import Platform
import PostgresFormat
import Repository
import Synchronization

/// The archived segments of all timelines, sound and damaged.
final class HeldSegments: Sendable {
    /// What of them lies on one path.
    struct Chosen: Sendable {
        var segments: [InventorySegment] = []
        var damaged: [DamagedSegment] = []
        var locations: [SegmentName: SegmentLocation] = [:]

        /// Adds damage in what was read from the source itself.
        mutating func add(_ damage: WALTailDamage, on timeline: TimelineID, _ size: WALSegmentSize) {
            let number = damage.position.rawValue / size.bytes
            guard !damaged.contains(where: { $0.name.number == number }) else { return }
            let name =
                segments.first { $0.name.number == number }?.name
                ?? SegmentName(timeline: timeline, number: number, size: size)
            let isArchived =
                switch locations[name] {
                case .archived?, .part?: true
                case .file?, nil: false
                }
            damaged.append(
                DamagedSegment(
                    name: name, reason: damage.explanation, position: damage.position, isArchived: isArchived)
            )
        }

        /// Leaves out what lies behind a place that was accepted as the end.
        mutating func end(at position: LSN) {
            for segment in segments where segment.name.start >= position { locations[segment.name] = nil }
            segments.removeAll { $0.name.start >= position }
            damaged.removeAll { $0.begin >= position }
        }

        /// Up to when everything can be promised in front of damage: short of the last commit or abort there,
        /// as only what follows tells what a time includes.
        func lastPromise(before position: LSN, _ backups: [InventoryBackup]) -> PostgresTimestamp? {
            let last = segments.filter { $0.name.start < position }.compactMap(\.summary.maxStopTime).max()
            let ends = backups.filter { $0.damage == nil && $0.stopLSN <= position }.map(\.stopTime)
            return ([last?.advanced(byMicroseconds: -1)].compactMap { $0 } + ends).max()
        }
    }

    private let sound: [SegmentName: ArchivedSegment]
    private let damaged: [DamagedSegment]
    /// Of the damaged ones those whose beginning is sound.
    private let readable: [SegmentName: ArchivedSegment]
    let timelines: [TimelineID]
    /// The last that was chosen without the source's own WAL.
    private let lastChosen = Mutex<(path: TimelinePath, histories: [TimelineID: TimelineHistory], Chosen)?>(
        nil)

    /// Those of an archive as they are now, and what it holds.
    static func all(_ archive: WALArchive) throws -> (HeldSegments, ArchiveListing) {
        let listing = try archive.listing()
        return (listing.conclusion("held segments", for: true) { HeldSegments(listing.segments) }, listing)
    }

    private init(_ segments: [ArchivedSegment]) {
        var sound: [SegmentName: ArchivedSegment] = [:]
        var damaged: [DamagedSegment] = []
        var readable: [SegmentName: ArchivedSegment] = [:]
        var partials: [ArchivedSegment] = []
        for segment in segments {
            if segment.isPartial {
                partials.append(segment)
            } else if let summary = segment.summary, !summary.isComplete, !summary.mayEndWithStraddlingSwitch
            {
                // PostgreSQL hands over whole segments only: one that cannot be read to its end is damaged.
                damaged.append(DamagedSegment(segment, summary))
                if summary.systemIdentifier != nil { readable[segment.name] = segment }
            } else if segment.summary != nil {
                sound[segment.name] = segment
            } else if let damage = segment.damage {
                damaged.append(DamagedSegment(name: segment.name, reason: damage.description))
            }
        }
        let names = Set(damaged.map(\.name))
        for segment in partials
        where sound[segment.name] == nil && !names.contains(segment.name) && segment.summary != nil {
            sound[segment.name] = segment
        }
        self.sound = sound
        self.damaged = damaged
        self.readable = readable
        timelines = Set(sound.keys.map(\.timeline)).sorted()
    }

    /// - Parameter tail: the source's own WAL, where it is on the path's timeline.
    func choose(
        _ path: TimelinePath, _ histories: HeldHistories, tail: SourceTail?, in archive: WALArchive
    ) throws -> Chosen {
        var files: [SegmentName: (path: String, summary: InventorySegment)] = [:]
        if let tail {
            let broken = Set(damaged.map(\.name))
            for (file, summary) in zip(tail.files, try tail.summaries())
            where sound[file.name] == nil && !broken.contains(file.name) {
                files[file.name] = (file.path, summary)
            }
        }
        guard let first = files.keys.map(\.number).min() else {
            return try chooseArchived(path, histories, in: archive)
        }
        // Behind all that is archived it changes nothing there, but for records that go on in it.
        if isAllBefore(first) {
            var chosen = try chooseArchived(path, histories, in: archive)
            let place = chosen.segments.lastIndex { $0.summary.firstRecord != nil } ?? 0
            for segment in path.choose(from: files.keys, histories: histories.parsed) {
                guard let file = files[segment.file] else { continue }
                chosen.locations[segment.name] = .file(file.path)
                chosen.segments.append(file.summary)
            }
            try chooseUpToCrossings(&chosen, from: place, in: archive)
            return chosen
        }
        return try choose(path, histories, files, in: archive)
    }

    private func isAllBefore(_ number: UInt64) -> Bool {
        sound.keys.allSatisfy { $0.number < number } && damaged.allSatisfy { $0.name.number < number }
    }

    private func chooseArchived(
        _ path: TimelinePath, _ histories: HeldHistories, in archive: WALArchive
    ) throws -> Chosen {
        if let (known, with, chosen) = lastChosen.withLock({ $0 }), known == path, with == histories.parsed {
            return chosen
        }
        let chosen = try choose(path, histories, [:], in: archive)
        lastChosen.withLock { $0 = (path, histories.parsed, chosen) }
        return chosen
    }

    private func choose(
        _ path: TimelinePath, _ histories: HeldHistories,
        _ files: [SegmentName: (path: String, summary: InventorySegment)], in archive: WALArchive
    ) throws -> Chosen {
        var chosen = Chosen()
        let onPath = path.choose(from: Array(sound.keys) + Array(files.keys), histories: histories.parsed)
        for segment in onPath {
            if let file = files[segment.file] {
                chosen.locations[segment.name] = .file(file.path)
                chosen.segments.append(file.summary)
            } else if let archived = sound[segment.file], let summary = archived.summary {
                if let limit = segment.limit {
                    chosen.locations[segment.name] = .part(archived, upTo: limit)
                    chosen.segments.append(
                        try beginning(of: archived, as: segment.name, upTo: limit, in: archive))
                } else {
                    chosen.locations[segment.name] = .archived(archived)
                    chosen.segments.append(InventorySegment(name: segment.name, summary: summary))
                }
            }
        }
        let whole = Set(onPath.filter { $0.limit == nil }.map(\.name.number))
        chosen.damaged = damaged.filter { segment in
            !whole.contains(segment.name.number)
                && !path.choose(from: [segment.name], histories: [:]).isEmpty
        }
        try chooseBeginnings(path, histories, &chosen, in: archive)
        try chooseUpToCrossings(&chosen, from: 0, in: archive)
        return chosen
    }

    /// Of a segment at whose end a record begins that is damaged only in sum, what comes before that record.
    ///
    /// - Parameter place: of the first segment that is looked at.
    private func chooseUpToCrossings(
        _ chosen: inout Chosen, from place: Int, in archive: WALArchive
    ) throws {
        for position in wrongCrossings(Array(chosen.segments[place...])) {
            guard
                let place = chosen.segments.firstIndex(where: {
                    $0.name.start <= position && position < $0.name.end
                })
            else { continue }
            let name = chosen.segments[place].name
            switch chosen.locations[name] {
            case .archived(let archived), .part(let archived, _):
                chosen.locations[name] = .part(archived, upTo: position)
                chosen.segments[place] = try beginning(of: archived, as: name, upTo: position, in: archive)
            // What is not archived is judged as the end of the source's own WAL.
            case .file, nil: continue
            }
            chosen.damaged.append(
                DamagedSegment(
                    name: name,
                    reason: "the record at \(position) goes on in the next segment and has a wrong checksum",
                    position: position))
        }
    }

    /// Of a damaged segment what comes before the damage, where nothing better is held.
    private func chooseBeginnings(
        _ path: TimelinePath, _ histories: HeldHistories, _ chosen: inout Chosen, in archive: WALArchive
    ) throws {
        for damage in chosen.damaged {
            guard let position = damage.position, let archived = readable[damage.name],
                let segment = path.choose(from: [damage.name], histories: histories.parsed).first
            else { continue }
            if let limit = segment.limit, limit <= position {
                // What is damaged is no part of this path.
                chosen.damaged.removeAll { $0 == damage }
            }
            guard !chosen.segments.contains(where: { $0.name.number == damage.name.number }) else { continue }
            let end = min(segment.limit ?? .max, position)
            chosen.locations[segment.name] = .part(archived, upTo: end)
            chosen.segments.append(
                try beginning(of: archived, as: segment.name, upTo: end, in: archive))
        }
        chosen.segments.sort { $0.name.number < $1.name.number }
    }

    /// The summary of what a segment has before a position.
    private func beginning(
        of archived: ArchivedSegment, as name: SegmentName, upTo limit: LSN, in archive: WALArchive
    ) throws -> InventorySegment {
        let wal = HeldWAL(archive: archive, locations: [name: .part(archived, upTo: limit)])
        var summarizer = SegmentSummarizer(name: name)
        try wal.pages(of: name) { (bytes) throws(Problem) in
            summarizer.feed(bytes)
            return true
        }
        return InventorySegment(name: name, summary: summarizer.finish())
    }
}

extension DamagedSegment {
    /// A segment of an archive that cannot be read to its end.
    init(_ segment: ArchivedSegment, _ summary: SegmentSummary) {
        var position: LSN?
        if case .endsAt(let lsn, let reason) = summary.outcome, reason != .truncated { position = lsn }
        self.init(name: segment.name, reason: summary.endDescription, position: position)
    }
}
