import Planning
import Platform
import PostgresFormat
import Repository
import WALEvents

/// Goes through a server's WAL from its backups on, and gathers the events in it.
///
/// A backup gives the catalogs to begin with; the WAL brings them forward. Behind a gap the next backup is
/// taken. Memory holds the catalogs and the transactions under way, not the WAL.
struct EventReader {
    let inventory: Inventory
    let wal: HeldWAL
    private(set) var interest: RowInterest
    /// Where the indexes that tell of every change are larger than this, only changes of many rows are looked
    /// for; in bytes of their files, nil for no limit.
    let indexBytes: UInt64?
    /// The only transaction whose rows are of interest, if there is one.
    let transaction: TransactionID?
    /// The first position that is of no interest.
    let limit: LSN
    let cancellation: CancellationFlag
    /// What the catalogs of a backup are read by; nil where they cannot be had.
    let catalog: (InventoryBackup) throws(Problem) -> CatalogSource?
    /// Where passes stood before.
    var keeper = PassKeeper()

    private(set) var gaps: [EventHistory.Gap] = []
    private(set) var commits: [Int64: Int] = [:]
    /// In which commits are counted besides; nil where nobody asked, or where it would take long.
    var commitParts: CommitParts?
    /// Of the indexes that may be read again for them: in a second or two.
    var partBytes: UInt64 = 2 << 20
    private(set) var segments = 0
    private(set) var segmentsRead = 0
    private(set) var notes: [String] = []

    init(
        inventory: Inventory, wal: HeldWAL, interest: RowInterest, indexBytes: UInt64? = nil,
        transaction: TransactionID? = nil, limit: LSN = .max, cancellation: CancellationFlag,
        catalog: @escaping (InventoryBackup) throws(Problem) -> CatalogSource?
    ) {
        self.inventory = inventory
        self.wal = wal
        self.interest = interest
        self.indexBytes = indexBytes
        self.transaction = transaction
        self.limit = limit
        self.cancellation = cancellation
        self.catalog = catalog
    }

    /// Reads what is needed to know the events from `from` on, and hands over what it meets, in the order of
    /// the WAL.
    ///
    /// - Parameter path: which segment to take of each number, in order, without those that are missing.
    mutating func read(
        path: [SegmentName], from: PostgresTimestamp?, to: PostgresTimestamp?,
        _ take: ([WALEvent]) throws -> Void
    ) throws {
        let runs = runs(path)
        let parts = try runs.map { run in
            try startingBackup(in: run, before: from).map { start in
                try WantedPart(
                    start, of: wanted(of: run, from: start.startLSN, to: to), in: wal,
                    isLast: run.last == runs.last?.last)
            }
        }
        leaveSmallChanges(of: parts)
        for (index, run) in runs.enumerated() {
            if index > 0, let gap = gap(between: runs[index - 1], and: run) { gaps.append(gap) }
            try readRun(run, parts[index], take)
            if let damage = damage(atEndOf: run) {
                gaps.append(gap(damage))
                notes.append(
                    "WAL is damaged at \(damage.begin): what happened behind it, up to the next base backup, "
                        + "is not told.")
            }
        }
    }

    private mutating func leaveSmallChanges(of parts: [WantedPart?]) {
        guard let indexBytes, interest.minimumRows < SegmentIndex.bulkRows else { return }
        if parts.reduce(0, { $0 + ($1?.indexBytes ?? 0) }) > indexBytes {
            interest.minimumRows = SegmentIndex.bulkRows
        }
    }

    /// The damage in a run's last segment; of that one only what comes before is held.
    private func damage(atEndOf run: [SegmentName]) -> DamagedSegment? {
        inventory.damaged.first { $0.position != nil && $0.name.number == run.last?.number }
    }

    private func gap(_ damage: DamagedSegment) -> EventHistory.Gap {
        let name = damage.name
        return EventHistory.Gap(
            first: name, last: name, count: 1,
            after: inventory.segments.filter { $0.name.number <= name.number }
                .compactMap(\.summary.maxStopTime).max(),
            before: inventory.segments.filter { $0.name.number > name.number }
                .compactMap(\.summary.minStopTime).min())
    }

    /// Adds a remark for the person.
    mutating func note(_ remark: String) {
        notes.append(remark)
    }

    // MARK: One stretch without a gap

    private mutating func readRun(
        _ run: [SegmentName], _ part: WantedPart?, _ take: ([WALEvent]) throws -> Void
    ) throws {
        guard let part else {
            if let first = run.first, !gaps.isEmpty {
                notes.append(
                    "From \(first) on nothing is told: the WAL before it is missing, and no backup that can be "
                        + "used came after.")
            }
            return
        }
        guard let source = try catalog(part.start) else { return }
        var pass = try taken(run, part, source, take)
        try read(part, pass.segments..<part.segments.count, &pass, take)
        try take(pass.assembler.finish())
        segments += pass.segments
        segmentsRead += pass.segmentsRead
        commits.merge(pass.commits, uniquingKeysWith: +)
        (commitParts, partBytes) = (pass.commitParts, pass.partBytes)
        for segment in pass.untold {
            notes.append(
                "A record that ends in \(segment) is too long for its index: a transaction may be missing."
            )
        }
        if !pass.assembler.catalog.lostCatalogs.isEmpty {
            notes.append("A system catalog was rewritten where WAL is not available: names may be missing.")
        }
    }

    /// A pass that has taken in what can be by indexes: here, or before by somebody else.
    private func taken(
        _ run: [SegmentName], _ part: WantedPart, _ source: CatalogSource,
        _ take: ([WALEvent]) throws -> Void
    ) throws -> EventPass {
        var made: EventPass?
        func make() throws -> PassKeeper.Kept? {
            // What there is of catalogs is read here, and not where another pass knows it already.
            var pass = pass(part, CatalogState(source))
            let kept = try readIndexed(run, part, &pass, take)
            made = pass
            return kept
        }
        let kept = try keeper.kept(evidence(run, part), make)
        if let kept, made == nil {
            var pass = pass(part, CatalogState(version: source.version))
            pass.goOn(from: kept.taken, source)
            try take(kept.events)
            return pass
        }
        if made == nil { _ = try make() }
        return made ?? pass(part, CatalogState(source))
    }

    private func pass(_ part: WantedPart, _ catalog: CatalogState) -> EventPass {
        var pass = EventPass(
            wal: wal, segmentSize: inventory.segmentSize, start: part.start.startLSN, limit: limit,
            assembler: EventAssembler(catalog: catalog, interest: interest))
        pass.transaction = transaction
        pass.commitParts = commitParts
        pass.partBytes = partBytes
        return pass
    }

    /// Takes in what can be by indexes, up to the first segment that cannot.
    ///
    /// - Returns: nil where that is not to be kept.
    private func readIndexed(
        _ run: [SegmentName], _ part: WantedPart, _ pass: inout EventPass,
        _ take: ([WALEvent]) throws -> Void
    ) throws -> PassKeeper.Kept? {
        var part = part
        try part.lookAtIndexes(in: wal)
        let older = try pass.needed(of: run.prefix { $0.end <= part.start.startLSN }, before: part.segments)
        for segment in older {
            try cancellation.check()
            try pass.readOlder(segment)
        }
        var events: [WALEvent]? = []
        let count = part.segments.prefix(while: pass.goesByIndex).count
        try read(part, 0..<count, &pass) { more in
            try take(more)
            events?.append(contentsOf: more)
            if let count = events?.count, count > PassKeeper.mostEvents { events = nil }
        }
        return pass.taken.flatMap { taken in events.map { PassKeeper.Kept(taken: taken, events: $0) } }
    }

    private func read(
        _ part: WantedPart, _ places: Range<Int>, _ pass: inout EventPass,
        _ take: ([WALEvent]) throws -> Void
    ) throws {
        var place = places.lowerBound
        while place < places.upperBound {
            let count = pass.aheadCount(of: part, from: place)
            let portion = place..<min(place + count, places.upperBound)
            place = portion.upperBound
            try pass.readAhead(part, portion)
            for segment in part.segments[portion] {
                try cancellation.check()
                try pass.read(segment)
                try take(pass.assembler.takeEvents())
            }
        }
    }

    /// Nil where nothing is kept of what is read, or more than that decides what a pass takes in.
    private func evidence(_ run: [SegmentName], _ part: WantedPart) -> PassKeeper.Evidence? {
        guard part.isLast, commitParts == nil, transaction == nil, limit == .max, interest.isOfAll,
            let basis = wal.basis, let first = part.segments.first, let place = run.firstIndex(of: first)
        else { return nil }
        // Files that were read from the source for this alone follow on what is archived.
        let files = part.segments.reversed().prefix { wal.isFile($0) }.count
        return PassKeeper.Evidence(
            start: part.start, minimumRows: interest.minimumRows, path: basis.path,
            histories: basis.histories, first: first,
            segments: Array(run.prefix(place + part.segments.count - files)))
    }

    /// The latest sound backup of the stretch that was done before the first instant asked for, else its
    /// first one.
    private func startingBackup(in run: [SegmentName], before from: PostgresTimestamp?) -> InventoryBackup? {
        guard let first = run.first, let last = run.last else { return nil }
        let usable = inventory.backups.filter {
            $0.damage == nil && $0.startLSN >= first.start && $0.startLSN < last.end
        }.sorted { $0.startLSN < $1.startLSN }
        guard let from else { return usable.first }
        return usable.last { $0.stopTime <= from } ?? usable.first
    }

    /// The segments from a place on, as far as one may have something not later than `to`.
    private func wanted(
        of run: [SegmentName], from start: LSN, to: PostgresTimestamp?
    ) -> [SegmentName] {
        var wanted = run.filter { $0.end > start && $0.start < limit }
        guard let to else { return wanted }
        // Both are in the order of the WAL; of a segment that is not met here nothing is left out.
        var place = inventory.segments.count
        while wanted.count > 1, let last = wanted.last {
            while place > 0, inventory.segments[place - 1].name != last { place -= 1 }
            guard place > 0, let earliest = inventory.segments[place - 1].summary.minStopTime, earliest > to
            else { break }
            wanted.removeLast()
        }
        return wanted
    }

    private func runs(_ path: [SegmentName]) -> [[SegmentName]] {
        var runs: [[SegmentName]] = []
        var run: [SegmentName] = []
        for segment in path {
            if let last = run.last, last.number + 1 != segment.number || damage(atEndOf: run) != nil {
                runs.append(run)
                run = []
            }
            run.append(segment)
        }
        return run.isEmpty ? runs : runs + [run]
    }

    private func gap(between before: [SegmentName], and after: [SegmentName]) -> EventHistory.Gap? {
        guard let last = before.last, let next = after.first, next.number > last.number + 1 else {
            return nil
        }
        let timeline = last.timeline
        let known = inventory.segments.filter { $0.name.timeline == timeline }
        return EventHistory.Gap(
            first: SegmentName(timeline: timeline, number: last.number + 1, size: last.size),
            last: SegmentName(timeline: next.timeline, number: next.number - 1, size: last.size),
            count: next.number - last.number - 1,
            after: known.filter { $0.name <= last }.compactMap(\.summary.maxStopTime).max(),
            before: known.filter { $0.name >= next }.compactMap(\.summary.minStopTime).min())
    }
}

/// The segments of a stretch of WAL that are gone through, each index looked at once.
struct WantedPart {
    /// Its catalogs are those to begin with.
    let start: InventoryBackup
    let segments: [SegmentName]
    /// Of the files of their indexes.
    let indexBytes: UInt64
    /// Beside them, the files of their indexes; nil for one that is not there, and for all where nobody had
    /// to look.
    private var indexes: [FileVersion?]?
    /// Whether no stretch follows. Of that one alone something is kept.
    let isLast: Bool

    init(
        _ start: InventoryBackup, of segments: [SegmentName], in wal: HeldWAL, isLast: Bool
    ) throws(Problem) {
        self.start = start
        self.segments = segments
        self.isLast = isLast
        var looked: [FileVersion?]?
        let look = { () throws(Problem) -> UInt64 in
            let files = try Self.indexFiles(of: segments, in: wal)
            looked = files
            return files.reduce(0) { $0 + ($1?.size ?? 0) }
        }
        // What they say is concluded from the segments, so that any size they had will do.
        if isLast, let listing = wal.basis?.listing {
            indexBytes = try listing.conclusion("bytes of indexes", for: segments, look)
        } else {
            indexBytes = try look()
        }
        indexes = looked
    }

    mutating func lookAtIndexes(in wal: HeldWAL) throws(Problem) {
        if indexes == nil { indexes = try Self.indexFiles(of: segments, in: wal) }
    }

    func indexFiles(from place: Int) -> ArraySlice<FileVersion?> {
        indexes?[place...] ?? Array(repeating: nil, count: segments.count - place)[...]
    }

    private static func indexFiles(
        of segments: [SegmentName], in wal: HeldWAL
    ) throws(Problem) -> [FileVersion?] {
        try wal.archive.indexFiles(of: segments.map { wal.whole($0)?.name ?? $0 })
    }
}
