import Catalog
import Holdings
import Instance
import Planning
import Platform
import PostgresFormat
import Repository
public import ServiceModel

/// A restore that was thought through and can be carried out: the plan and what it was made from.
struct PreparedRestore {
    var planned: PlannedRestore
    var source: ServerRow
    /// The repository that is read.
    var layout: RepositoryLayout
    var held: HeldSource
    /// Holds WAL that was read from the source; removed when the restore ends.
    var tailDirectory: String
    /// Keeps expiry away from the source's repository.
    var pin: DirectoryLock

    var wal: HeldWAL { held.wal }
    var systemIdentifier: UInt64 { held.systemIdentifier }

    func release() {
        try? DurableFiles.removeTree(tailDirectory)
        pin.release()
    }
}

extension ControlPlane {
    /// - Parameter known: the source as it was told a moment ago; nil to look at it.
    public func planRestore(
        _ request: RestoreRequest, known: ServerDetails? = nil
    ) throws -> PlannedRestore {
        let source = try source(of: request)
        // A copy is run by the source's own major version: without it nothing of a plan can be carried out.
        _ = try installation(source)
        let prepared = try prepare(
            request, source: source, checkName: request.name != nil, inDetail: true, known: known)
        defer { prepared.release() }
        return prepared.planned
    }

    /// The server a restore reads: by name in the same group, or by resource id.
    func source(of request: RestoreRequest) throws -> ServerRow {
        try requireGroup(request.resourceGroup)
        guard
            let reference = ResourceID.reference(request.sourceServer, defaultGroup: request.resourceGroup)
        else {
            throw Problem(
                .invalidParameterValue, "The provided source server \(request.sourceServer) is invalid.",
                hint: "Use a server's name, or its whole resource id.")
        }
        if let row = try kept(id: request.sourceServer) { return row }
        do {
            return try findComplete(reference)
        } catch let problem as Problem where problem.code == .resourceNotFound {
            var problem = problem
            // Where there is none of that name either, the problem stays as it is.
            if let deleted = try? droppedSource(of: request),
                deleted.resourceGroup.lowercased() == reference.resourceGroup.lowercased()
            {
                problem.hint =
                    "It was deleted. Its backups can be read by its id, \(deleted.id), and 'pitr "
                    + "revive-dropped' brings it back."
            }
            throw problem
        }
    }

    /// The deleted server that is meant: of several that had the name, the one deleted last.
    func droppedSource(of request: RestoreRequest) throws -> ServerRow {
        try requireGroup(request.resourceGroup)
        let wanted = request.sourceServer
        let meant = ResourceID.reference(wanted, defaultGroup: request.resourceGroup)
        let name = meant?.name ?? wanted
        // A whole resource id means that group's server and no other's.
        let group = wanted.contains("/") ? meant?.resourceGroup.lowercased() : nil
        let dropped = try rows(resourceGroup: nil, dropped: true).filter {
            $0.id == wanted
                || $0.name == name.lowercased() && (group == nil || $0.resourceGroup.lowercased() == group)
        }
        guard
            let source = dropped.max(by: { ($0.deletedAt ?? $0.createdAt) < ($1.deletedAt ?? $1.createdAt) })
        else {
            throw Problem(
                .resourceNotFound, "no deleted server '\(wanted)' has backups left",
                hint: "List what can be revived with 'pitr list --deleted'.")
        }
        return source
    }

    /// Reads what is held, decides, and checks what can be checked before anything is made.
    ///
    /// - Parameters:
    ///   - inDetail: whether the plan also tells what a person wants to know and a restore does not.
    ///   - accepted: the operation that may have taken the name already.
    ///   - known: the source as it was told a moment ago; nil to look at it.
    func prepare(
        _ request: RestoreRequest, source: ServerRow, checkName: Bool, inDetail: Bool = false,
        for accepted: AcceptedWork? = nil, known: ServerDetails? = nil
    ) throws -> PreparedRestore {
        var notes: [String] = []
        let asked = clock.now()
        let sought = try sought(request.target, from: source, notes: &notes)
        if checkName { try checkPlace(of: request, source: source, for: accepted, notes: &notes) }
        let rules = try checkCopy(request, source: source)

        let pin = try DirectoryLock.wait(paths.pin(source.id), .shared)
        let tailDirectory = newTailDirectory()
        do {
            RestoreFaults.reached("plan")
            try cancellation.check()
            let reader = reader(of: source, for: sought)
            let held = try reader.held(
                for: sought.moment, timeline: request.timeline, acceptedEnd: request.acceptedEnd,
                tailDirectory: tailDirectory)
            if let remark = held.remark { notes.append(remark) }
            let planner = RestorePlanner(inventory: held.inventory, source: held.wal)
            var plan: RestorePlan
            do {
                plan = try planner.plan(
                    try settled(sought, asked: asked, reader, held, planner, notes: &notes),
                    mode: request.targetMode, now: clock.now())
            } catch let refusal as Refusal {
                throw Problem(
                    refusal, nearest: planner.nearest(to: refusal, now: clock.now()), request: request,
                    advice: adviceOnDamage(refusal, held.inventory, source)
                ).telling(request.target)
            }
            plan.growthBytes = try reader.growth(of: plan, held)
            let free = try diskRoom(paths.servers).available()
            notes += try roomNotes(plan, free: free, source: source)
            var planned = PlannedRestore(
                plan: plan, source: try known ?? details(source, withUsage: false), notes: notes,
                availableBytes: free, estimatedSeconds: Self.estimate(plan))
            planned.allowedAddresses = rules.map(\.addresses)
            planned.localTime = (plan.requestedTime ?? plan.lastInside?.time).map(LocalTime.text)
            planned.collations = try collations(ofBackup: plan.backupName, source)
            planned.plan.hazards += planned.collations.filter(\.differs).map(Hazard.init)
            planned.plan.hazards += try needsHazards(ofBackup: plan.backupName, source)
            if inDetail {
                planned.plan.hazards += try outsideHazards(source)
                try TargetCatalogs(planner: planner, reader: reader, held: held)
                    .tell(of: &planned, request, now: clock.now())
            }
            if let outside = plan.firstOutside {
                planned.firstOutsideDid = try deeds(of: outside, reader, held)
            }
            return PreparedRestore(
                planned: planned, source: source, layout: layout(source), held: held,
                tailDirectory: tailDirectory, pin: pin)
        } catch {
            try? DurableFiles.removeTree(tailDirectory)
            pin.release()
            throw Self.problem(from: error)
        }
    }

    /// For the latest moment, once the server has flushed its WAL.
    private func reader(of source: ServerRow, for sought: SoughtTarget) -> SourceReader {
        let reader = reader(of: source)
        // Where it cannot be asked just now, reading its WAL waits for it, or says why not.
        if case .known(.latest) = sought { try? reader.awaitFlush() }
        return reader
    }

    private func checkPlace(
        of request: RestoreRequest, source: ServerRow, for accepted: AcceptedWork?, notes: inout [String]
    ) throws {
        if let old = try replaced(by: request, source: source, for: accepted) {
            notes.append(Self.replacementNote(old, expires: request.expiry != nil))
        } else if let name = request.name {
            try checkNewName(name, for: accepted)
        }
    }

    private func checkNewName(_ name: String, for accepted: AcceptedWork?) throws {
        try Self.validate(serverName: name.lowercased())
        if try isTaken(name.lowercased(), for: accepted) {
            throw Problem(
                .serverNameAlreadyExists, "Specified server name is already used.", detail: name,
                hint:
                    "Choose another name. A restore never overwrites; with --replace it takes the place of an earlier "
                    + "copy of the same source.")
        }
    }

    /// The copy's size: the source's, or a larger one; never a tier below the source's.
    func restoredSize(_ request: RestoreRequest, source: ServerRow) throws -> (ComputeTier, ComputeSize) {
        let current = try Self.size(source)
        let (tier, size) = try Self.resolveSize(tier: request.tier, sku: request.skuName, current: current)
        let order = ComputeTier.allCases
        guard let new = order.firstIndex(of: tier), let old = order.firstIndex(of: current.tier), new >= old
        else {
            throw Problem(
                .invalidParameterValue,
                "Invalid value for --tier. The restored server must not go below the source server compute tier. "
                    + "The source server compute tier is \(current.tier.rawValue).")
        }
        return (tier, size)
    }

    /// Data at 200 MiB/s, WAL at 100 MiB/s, and a second and a half for starting twice.
    private static func estimate(_ plan: RestorePlan) -> Double {
        1.5 + Double(plan.dataBytes) / 200e6 + Double(plan.walBytes) / 100e6
    }
}

extension Problem {
    /// With how the words of a time were understood: another reading may be the one that was meant.
    fileprivate func telling(_ target: RequestedTarget) -> Problem {
        guard case .time(let time) = target, let note = time.note else { return self }
        var problem = self
        problem.detail = [detail, note].compactMap(\.self).joined(separator: "\n")
        return problem
    }
}
