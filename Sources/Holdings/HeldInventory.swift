public import Planning
import Platform
public import PostgresFormat
import Repository

/// What a source has along one timeline: the facts to plan by, and the WAL itself.
public struct HeldSource: Sendable {
    public var inventory: Inventory
    public var wal: HeldWAL
    public var systemIdentifier: UInt64
    /// Why an attached source itself was not read, where somebody else answers in its place.
    public var remark: String?
}

extension SourceReader {
    /// Everything that is held along one timeline.
    ///
    /// - Parameters:
    ///   - moment: what is looked for; nil where WAL is to tell which record that is.
    ///   - timeline: nil for the source's own.
    ///   - acceptedEnd: somebody takes the WAL of a source that does not run for ended there.
    ///   - tailDirectory: made if WAL is read from the source, which goes there.
    /// - Throws: `Refusal` where the timeline is not known; `.walDamaged` and what reading throws.
    public func held(
        for moment: RecoveryTarget?, timeline: TimelineID? = nil, acceptedEnd: LSN? = nil,
        tailDirectory: String
    ) throws -> HeldSource {
        try HeldInventory(self, moment, acceptedEnd, tailDirectory).read(timeline: timeline)
    }
}

/// Reads what the repository and the source itself have, and chooses what belongs to the timeline wanted.
private struct HeldInventory {
    private let reader: SourceReader
    private let moment: RecoveryTarget?
    private let acceptedEnd: LSN?
    private let tailDirectory: String
    private let layout: RepositoryLayout
    private let identity: RepositoryIdentity
    private let archive: WALArchive
    private let backups: [StoredBackup]
    private var histories: HeldHistories

    init(
        _ reader: SourceReader, _ moment: RecoveryTarget?, _ acceptedEnd: LSN?, _ tailDirectory: String
    ) throws {
        self.reader = reader
        self.moment = moment
        self.acceptedEnd = acceptedEnd
        self.tailDirectory = tailDirectory
        layout = reader.layout
        identity = try layout.identity()
        archive = WALArchive(layout: layout)
        backups = try BackupRepository(layout: layout).list()
        histories = try HeldHistories(archive)
    }

    func read(timeline wanted: TimelineID?) throws -> HeldSource {
        let watch = Stopwatch()
        while true {
            // What was read at a bad moment is read again.
            if let read = try read(timeline: wanted, isLastTime: watch.seconds > 2) { return read }
            try DurableFiles.removeTree(tailDirectory)
            try reader.cancellation.check()
            Pause.milliseconds(20)
        }
    }

    /// Nil where it is unclear whether the source's WAL is whole, unless it is the last time.
    private func read(
        timeline wanted: TimelineID?, isLastTime: Bool
    ) throws -> HeldSource? {
        var histories = histories
        // The live tail first: what is archived meanwhile is then found in the archive as well, never in
        // neither.
        let tail = try sourceTail()
        if let tail, let text = tail.history { histories.add(text, of: tail.timeline) }
        let (segments, listing) = try HeldSegments.all(archive)
        let known = Set(
            histories.parsed.keys.map { $0 } + segments.timelines + backups.compactMap(\.descriptor?.timeline)
                + [tail?.timeline].compactMap { $0 })
        let ofBackup = timelineOfBackup
        let written = Set(segments.timelines + backups.compactMap(\.descriptor?.timeline))
        let timeline = wanted ?? ofBackup ?? tail?.timeline ?? written.max() ?? TimelineID(1)
        guard wanted == nil || known.contains(timeline) || histories.damaged[timeline] != nil else {
            throw Refusal.unknownTimeline(timeline, known: known.sorted())
        }
        let path = try histories.path(of: timeline)
        let own = tail.flatMap { $0.timeline == timeline ? $0 : nil }
        var chosen = try segments.choose(path, histories, tail: own, in: archive)
        guard let end = try end(of: own, on: timeline, chosen, isLastTime: isLastTime) else { return nil }
        if let damage = end.damage {
            try own?.cut(at: damage.position)
            chosen = try segments.choose(path, histories, tail: own, in: archive)
            if end.isAccepted {
                chosen.end(at: damage.position)
            } else {
                chosen.add(damage, on: timeline, identity.segmentSize)
            }
        }
        var choice = TimelineChoice(
            path: path,
            reason: wanted != nil ? .asked : ofBackup != nil ? .backup : own != nil ? .current : .newest,
            others: known.subtracting([timeline]).subtracting(path.stretches.map(\.timeline)).sorted())
        choice.histories = Set(histories.parsed.keys)
        choice.isWithoutWAL =
            path.begin != nil && !chosen.segments.contains { $0.name.timeline == timeline } && own == nil
        let usable = usableBackups(&choice)
        let lastTimed = chosen.segments.compactMap(\.summary.maxStopTime).max()
        var inventory = Inventory(
            serverName: reader.source.name, segmentSize: identity.segmentSize, backups: usable,
            segments: chosen.segments, damaged: chosen.damaged, latest: own?.readAt ?? lastTimed,
            choice: choice)
        inventory.unprovenEnd = end.unproven
        if end.isAccepted {
            inventory.acceptedEnd = end.damage
        } else if end.mayBeAccepted {
            inventory.damagedEnd = end.damage
        }
        if let damage = inventory.lastDamage {
            inventory.latest = chosen.lastPromise(before: damage.begin, usable)
        }
        let basis = HeldWAL.Basis(listing: listing, path: path, histories: histories.parsed)
        let wal = HeldWAL(
            archive: archive, locations: chosen.locations, histories: histories.notArchived,
            basis: layout.isRemembered ? basis : nil)
        return HeldSource(
            inventory: inventory, wal: wal, systemIdentifier: identity.systemIdentifier, remark: tail?.remark)
    }

    /// Those of the timeline chosen, where the others are noted with the reason.
    private func usableBackups(_ choice: inout TimelineChoice) -> [InventoryBackup] {
        var usable: [InventoryBackup] = []
        for backup in backups {
            if let known = backup.descriptor,
                let reason = choice.objection(toBackupOn: known.timeline, endingAt: known.stopLSN)
            {
                choice.rejected.append(RejectedBackup(name: backup.name, reason: reason))
            } else {
                usable.append(InventoryBackup(backup))
            }
        }
        return usable
    }

    /// How the WAL of a source ends.
    private struct TailEnd {
        var damage: WALTailDamage?
        /// Where it does not run, somebody may take what is readable for all of it.
        var mayBeAccepted = false
        var isAccepted = false
        var unproven: LSN?
    }

    /// Nil where that is unclear, unless it is the last time.
    ///
    /// - Parameter own: what was read from the source itself. Of a deleted server the archive is all there
    ///   is.
    private func end(
        of own: SourceTail?, on timeline: TimelineID, _ chosen: HeldSegments.Chosen, isLastTime: Bool
    ) throws -> TailEnd? {
        var end = TailEnd()
        let known = reader.source.knownEnd?.end(on: timeline)
        let archived = own == nil && reader.source.cluster == nil && known != nil ? chosen.segments.last : nil
        let tail =
            own
            ?? archived.map {
                SourceTail(
                    files: [], readAt: reader.clock.now(), flushLSN: nil, start: $0.name.end,
                    timeline: timeline)
            }
        guard let tail else { return try accepted(end) }
        // A server that has stopped in order says itself where its WAL ends.
        let bounds = tail.isStoppedInOrder ? [] : known?.bounds ?? []
        end.mayBeAccepted = tail.flushLSN == nil
        switch try verdict(on: tail, chosen, behind: archived?.name.number, bounds) {
        case .whole(let position):
            let isProven = tail.isStoppedInOrder || bounds.contains(where: \.isEndOfOrderlyStop)
            if tail.flushLSN == nil, !isProven { end.unproven = position }
        case .unclear where !isLastTime: return nil
        case .unclear(let damage), .damaged(let damage): end.damage = damage
        }
        return try accepted(end)
    }

    private func accepted(_ end: TailEnd) throws -> TailEnd {
        guard let acceptedEnd else { return end }
        guard let damage = end.damage else {
            throw Problem(
                .invalidParameterValue, "the WAL of server '\(reader.source.name)' is not damaged at its end",
                hint: "Leave --accept-end out.")
        }
        guard end.mayBeAccepted else {
            throw Problem(
                .invalidParameterValue, "server '\(reader.source.name)' runs, and says how far its WAL goes",
                detail: damage.explanation,
                hint:
                    "Choose a moment before the damage, and take a base backup: what follows it can be restored."
            )
        }
        guard damage.position == acceptedEnd else {
            throw Problem(
                .invalidParameterValue,
                "the WAL of server '\(reader.source.name)' is not readable up to \(acceptedEnd) and no further",
                detail: damage.explanation, hint: "Give --accept-end \(damage.position).")
        }
        var end = end
        end.isAccepted = true
        return end
    }

    /// Whether the source's WAL ends where it was read to.
    ///
    /// - Parameter last: the last segment of the archive, where nothing was read from the source.
    private func verdict(
        on tail: SourceTail, _ chosen: HeldSegments.Chosen, behind last: UInt64?, _ known: [WALTailBound]
    ) throws -> WALTailVerdict {
        var before: [SegmentName] = []
        // A record that goes on from the archive into the tail is read from its beginning.
        var next = last.map { $0 + 1 } ?? tail.files.first?.name.number ?? 0
        while next > 0, let segment = chosen.segments.last(where: { $0.name.number == next - 1 }) {
            if last == nil, before.isEmpty, segment.summary.tail == nil, segment.summary.firstRecord != nil {
                break
            }
            before.insert(segment.name, at: 0)
            next -= 1
            if segment.summary.firstRecord != nil { break }
        }
        let stops = backups.compactMap(\.descriptor).filter { $0.timeline == tail.timeline }.map(\.stopLSN)
        let wal = HeldWAL(archive: archive, locations: chosen.locations)
        return try tail.verdict(
            after: before, more: (stops.max().map { [.backup($0)] } ?? []) + known,
            segmentSize: identity.segmentSize
        ) { (segment, body) throws(Problem) in
            try wal.pages(of: segment) { (bytes) throws(Problem) in
                body(bytes)
                return true
            }
        }
    }

    private var timelineOfBackup: TimelineID? {
        guard case .backup(let name)? = moment else { return nil }
        return backups.first { $0.name.lowercased() == name.lowercased() }?.descriptor?.timeline
    }

    // MARK: The source's own WAL

    private func sourceTail() throws -> SourceTail? {
        guard let live = LiveWAL(reader, identity) else { return nil }
        return try live.read(
            for: moment, knownHistories: Set(histories.parsed.keys),
            from: { () throws(Problem) in
                let listing = archive.remembered
                let names = if let listing { listing.names } else { try archive.names() }
                return { (timeline, history) in
                    start(on: timeline, history) { path in
                        listing?.conclusion("last whole", for: path) { path.lastWhole(of: names) }
                            ?? path.lastWhole(of: names)
                    }
                }
            }, into: tailDirectory)
    }

    /// A path, and what tells which segments of others are on it.
    private struct KnownPath: Equatable, Sendable {
        var path: TimelinePath
        var histories: [TimelineID: TimelineHistory]

        /// Where the last segment ends that is archived and all of which is the path's.
        func lastWhole(of names: [ArchivedFileName]) -> LSN? {
            let archived = names.compactMap { name -> SegmentName? in
                if case .segment(let segment) = name { segment } else { nil }
            }
            return path.choose(from: archived, histories: histories).last { $0.limit == nil }?.name.end
        }
    }

    /// From where on the source's own WAL is read: behind what is archived of its timeline. Nil of a server
    /// that has no backup yet and was not restored from another one.
    private func start(
        on timeline: TimelineID, _ history: String?, lastWhole: (KnownPath) -> LSN?
    ) -> LSN? {
        var histories = histories
        if let history { histories.add(history, of: timeline) }
        let firstBackup = backups.compactMap(\.descriptor?.startLSN).min()
        let path = TimelinePath(histories.parsed[timeline] ?? TimelineHistory(root: timeline))
        // A server has no segments of its own timeline from before it began.
        guard let begin = path.begin ?? firstBackup else { return nil }
        let whole = lastWhole(KnownPath(path: path, histories: histories.parsed))
        let from = whole.map { max($0, begin) } ?? max(begin, firstBackup ?? begin)
        return LSN(from.rawValue / identity.segmentSize.bytes * identity.segmentSize.bytes)
    }
}

extension InventoryBackup {
    init(_ entry: StoredBackup) {
        guard let backup = entry.descriptor else {
            let never = PostgresTimestamp(microseconds: 0)
            self.init(
                name: entry.name, timeline: TimelineID(1), startLSN: .zero, stopLSN: .zero, startTime: never,
                stopTime: never, dataBytes: 0,
                minima: ParameterMinima(
                    maxConnections: 0, maxWorkerProcesses: 0, maxWalSenders: 0, maxPreparedTransactions: 0,
                    maxLocksPerTransaction: 0),
                damage: entry.damage?.message ?? "its description cannot be read")
            return
        }
        self.init(
            name: backup.name, timeline: backup.timeline, startLSN: backup.startLSN, stopLSN: backup.stopLSN,
            startTime: backup.startTime, stopTime: backup.stopTime, dataBytes: backup.totalBytes,
            minima: ParameterMinima(
                maxConnections: Int(backup.settings.maxConnections),
                maxWorkerProcesses: Int(backup.settings.maxWorkerProcesses),
                maxWalSenders: Int(backup.settings.maxWalSenders),
                maxPreparedTransactions: Int(backup.settings.maxPreparedTransactions),
                maxLocksPerTransaction: Int(backup.settings.maxLocksPerTransaction)),
            tablespaces: backup.tablespaces.map {
                OrdinaryTablespace(number: $0.number, location: $0.location)
            })
        walLevel = backup.settings.walLevel
        if let check = entry.lastCheck {
            isVerified = check.outcome == .sound
            // Whether WAL is there and sound is looked at for every plan anew.
            if check.outcome == .damagedFiles {
                damage = "\(check.finding ?? "it is damaged"), found \(check.time)"
            }
        }
        preparedAtStart = entry.preparedTransactions
        preparedStates = entry.preparedStates
    }
}
