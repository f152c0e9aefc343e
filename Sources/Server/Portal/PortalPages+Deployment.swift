import AzureAPI
import ControlPlane
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// A deployment: one operation as it goes on, and what it left.
extension PortalPages {
    func deployment(_ id: String) throws -> DeploymentPage {
        guard let status = try controlPlane.operationStatus(id.lowercased()),
            visit.identity.scope.covers(group: PortalVisit.resource(status)?.group)
        else { throw Problem(.resourceNotFound, "there is no such deployment") }
        let resource = PortalVisit.resource(status)
        let name = resource?.server ?? resource?.group ?? "this machine"
        var page = DeploymentPage()
        page.frame = try visit.frame(titled: PortalWords.operation(status.kind, on: name))
        page.frame.way = [
            Frame.Link(.servers), Frame.Link(.notifications),
        ]
        page.frame.samePitr = ["pitr operation show --id \(status.id)"]
        page.id = status.id
        page.phase = status.phase.rawValue
        page.outcome =
            switch status.phase {
            case .queued, .running: .inProgress
            case .succeeded: .complete
            case .failed, .canceled: .failed
            }
        page.frame.standing =
            switch page.outcome {
            case .inProgress: "In progress"
            case .complete: "Complete"
            case .failed: "Failed"
            }
        page.frame.refreshSeconds = page.outcome == .inProgress ? 2 : nil
        page.details = Self.details(status)
        page.notes = status.notes
        page.failure =
            page.outcome == .failed
            ? [status.errorMessage ?? "It was called off.", status.errorCode.map { "Code: \($0)" }]
                .compactMap { $0 } : []
        page.now =
            status.phase == .queued ? "waits for its turn" : status.progress.map(PortalWords.progress) ?? ""
        page.doneBytes = status.progress?.bytes ?? 0
        page.totalBytes = status.progress?.totalBytes ?? 0
        page.steps = Self.steps(status)
        page.mayCancel =
            page.outcome == .inProgress
            && visit.may(Self.action(status), PortalVisit.resource(status)?.group)
        if page.outcome != .inProgress, status.kind == OperationKind.verifyWAL.name,
            let group = resource?.group, let server = resource?.server
        {
            // What is missing or damaged is told there, too.
            page.resource = .server(group: group, name: server, .backups)
            page.resourceWords = "Go to the archive"
        } else if page.outcome == .complete, status.kind != OperationKind.delete.name,
            let group = resource?.group, let server = resource?.server
        {
            try addResult(status, ServerReference(resourceGroup: group, name: server), to: &page)
        }
        return page
    }

    /// Calls off what waits or runs.
    func cancel(_ id: String) throws -> APIResponse {
        guard let status = try controlPlane.operationStatus(id.lowercased()),
            visit.identity.scope.covers(group: PortalVisit.resource(status)?.group)
        else { throw Problem(.resourceNotFound, "there is no such deployment") }
        try visit.require(Self.action(status), PortalVisit.resource(status)?.group ?? "")
        do {
            try controlPlane.cancelOperation(status.id)
        } catch let problem as Problem where problem.code == .operationNotSupported {
            // It ended meanwhile: its page says how.
            return .seeOther(.deployment(status.id))
        }
        return .seeOther(.deployment(status.id))
    }

    /// Whoever may begin it may call it off.
    private static func action(_ status: OperationStatus) -> AccessAction {
        switch OperationKind(rawValue: status.kind) {
        case .restore, .revive, .geoRestore, .drill: .restoreServer
        case .undo: .undo
        case .compare: .compare
        case .backup: .createBackup
        case .verifyWAL: .verifyWAL
        default: .updateServer
        }
    }

    private static func details(_ status: OperationStatus) -> [Fact] {
        [
            Fact("Resource", status.resourceID), Fact("Operation", status.name),
            Fact("Status", PortalWords.phase(status.phase)),
            Fact("Accepted", PortalWords.time(status.acceptedAt), isExact: true),
            Fact("Ended", status.endedAt.map(PortalWords.time) ?? "", isExact: true),
            Fact("Initiated by", status.caller),
            Fact("Correlation ID", status.correlationID, isExact: true),
        ]
    }

    private static func steps(_ status: OperationStatus) -> [DeploymentPage.Step] {
        let known: [(words: String, key: String)] =
            switch OperationKind(rawValue: status.kind) {
            case .restore, .revive, .geoRestore:
                [
                    ("Base backup", "base backup"), ("WAL", "WAL"), ("Recovery", "recovery"),
                    ("Proof and sync", "sync"), ("Open", "opening"),
                ]
            default: []
            }
        let at = known.firstIndex { $0.key == PortalWords.step(status.progress) }
        return known.enumerated().map { index, step in
            let state: DeploymentPage.Step.State =
                switch status.phase {
                case .succeeded: .done
                case .queued, .failed, .canceled: .ahead
                case .running: at.map { index < $0 ? .done : index == $0 ? .now : .ahead } ?? .ahead
                }
            return DeploymentPage.Step(step.words, key: step.key, state)
        }
    }

    /// What a copy is proved by, and what is left to do with it.
    private func addResult(
        _ status: OperationStatus, _ reference: ServerReference, to page: inout DeploymentPage
    ) throws {
        let server: ServerDetails
        do {
            server = try controlPlane.server(reference)
        } catch let problem as Problem where problem.code == .resourceNotFound {
            return
        }
        page.resource = .server(group: server.resourceGroup, name: server.name, .overview)
        if let part = [Place.ServerPlace.undo, .compare].first(where: { $0.rawValue == status.kind }) {
            page.resource = place(server, part)
            page.resourceQuery = "?id=\(status.id)"
            page.resourceWords = "Go to the result"
            return
        }
        guard let evidence = try controlPlane.evidence(of: reference), evidence.operationID == status.id
        else {
            return
        }
        page.evidence = Self.facts(evidence)
        page.checks = evidence.checks
        if server.expiry != nil, visit.may(.updateServer, server.resourceGroup) {
            page.keep = .server(group: server.resourceGroup, name: server.name, .keep)
        }
        if visit.may(.deleteServer, server.resourceGroup) {
            page.discard = .server(group: server.resourceGroup, name: server.name, .delete)
        }
        page.left = try left(server, evidence)
    }

    private func left(_ server: ServerDetails, _ evidence: RestoreEvidence) throws -> [Fact] {
        var left: [Fact] = []
        let place = "-g \(Shell.word(server.resourceGroup)) -s \(Shell.word(server.name))"
        if try controlPlane.listFirewallRules(Self.reference(server)).isEmpty {
            left.append(
                Fact(
                    "It has no firewall rules: those of its source were not taken over.",
                    "pitr firewall-rule create \(place) -n here --start-ip-address 127.0.0.1",
                    place: visit.may(.writeFirewallRule, server.resourceGroup)
                        ? .server(group: server.resourceGroup, name: server.name, .networking) : nil))
        }
        let subscriptions = evidence.subscriptions?.filter(\.wasEnabled) ?? []
        if !subscriptions.isEmpty {
            let names = subscriptions.map { "\($0.name) in \($0.database)" }.joined(separator: ", ")
            left.append(
                Fact(
                    "Subscriptions are switched off and have no slots: \(names).",
                    "SELECT * FROM pg_subscription"))
        }
        return left
    }

    /// By its name, where that is written as a whole id.
    private static func source(_ evidence: RestoreEvidence) -> String {
        guard case .server(let group, let name, _)? = ResourcePath.parse(evidence.sourceServer)?.resource
        else {
            return evidence.sourceServer
        }
        return "\(name), resource group \(group)"
    }

    private static func facts(_ evidence: RestoreEvidence) -> [Fact] {
        [
            Fact("Source server", source(evidence)),
            Fact("Asked for", evidence.requestedTime ?? evidence.requestedTarget ?? "the latest moment"),
            Fact("Base backup", evidence.baseBackup, isExact: true),
            Fact(
                "WAL", "\(evidence.walStart) to \(evidence.walEnd), \(evidence.walSegments) segments",
                isExact: true),
            Fact(
                "Last inside", evidence.lastCommitInside.map(PortalWords.boundary) ?? "", isExact: true),
            Fact(
                "First left out", evidence.firstExcluded.map(PortalWords.boundary) ?? "", isExact: true),
            Fact("Timeline", "\(evidence.timelineBefore) to \(evidence.timelineAfter)"),
            Fact("PostgreSQL said", evidence.postgresReason),
            Fact("Took", PortalWords.seconds(evidence.totalSeconds)),
            Fact("Initiated by", evidence.caller ?? ""),
        ]
    }
}
