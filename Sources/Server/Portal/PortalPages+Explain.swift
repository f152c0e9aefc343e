import ControlPlane
import Planning
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// Explain: what a restore to the handle would do, or what one has done, step by step.
extension PortalPages {
    func explain(_ server: ServerDetails) throws -> ExplainPage {
        try visit.request.query["made"] == nil ? explainPlanned(server) : explainMade(server)
    }

    /// How a copy came about.
    private func explainMade(_ copy: ServerDetails) throws -> ExplainPage {
        let told = try controlPlane.explainMadeRestore(copy.id, resourceGroup: copy.resourceGroup)
        let evidence = told.kept.evidence
        var page = ExplainPage()
        page.frame = try visit.frame(copy, .explain)
        page.frame.samePitr = [Shell.line(["pitr", "explain", "-g", copy.resourceGroup, "-n", copy.name])]
        page.group = copy.resourceGroup
        page.name = copy.name
        page.isMade = true
        page.fields = [("made", "1")]
        page.stations = [
            Fact("Base backup", evidence.baseBackup, isExact: true),
            Fact("Redo point", "\(evidence.walStart)", isExact: true),
            Fact("Cut at", "\(evidence.walEnd)", isExact: true),
            Fact(
                "Timeline", "\(evidence.timelineBefore), then \(evidence.timelineAfter)", isExact: true),
        ]
        page.stretch.end = evidence.walEnd.distance(from: evidence.walStart)
        page.steps = told.steps.map { ExplainPage.Step($0.title, $0.text, messages: $0.messages) }
        page.records = try madeRecords(told.kept)
        return page
    }

    /// The source's WAL, which may have gone, or be none of the visitor's business.
    private func madeRecords(_ kept: KeptEvidence) throws -> RecordList {
        let evidence = kept.evidence
        var list = RecordList()
        list.cut = "\(evidence.walEnd)"
        let known =
            try controlPlane.listServers(resourceGroup: nil)
            + controlPlane.listDeletedServers(resourceGroup: nil)
        guard let source = known.first(where: { $0.id == evidence.sourceServerID }) else {
            list.problem = "the source's WAL is not here any more"
            return list
        }
        guard visit.may(.read, source.resourceGroup) else {
            list.problem = "the source's WAL is in a resource group that you may not read"
            return list
        }
        return try records(
            ReplayedWAL(
                // By its id: its name may be another server's by now.
                server: ServerReference(resourceGroup: source.resourceGroup, name: source.id),
                timeline: evidence.timelineBefore, first: evidence.walStart, cut: evidence.walEnd))
    }

    private func explainPlanned(_ server: ServerDetails) throws -> ExplainPage {
        var request = RestoreRequest(
            resourceGroup: server.resourceGroup, sourceServer: ResourceID.server(Self.reference(server)))
        var page = ExplainPage()
        var words = ["pitr", "explain", "-g", server.resourceGroup, "-s", server.name]
        if let lsn = visit.request.query["before"].flatMap({ LSN($0) }) {
            request.target = .position(lsn, exclusive: true)
            page.fields = [("before", "\(lsn)")]
            words += ["--lsn", "\(lsn)", "--exclusive"]
        }
        if let instant = PortalWords.instant(visit.request.query["at"]) {
            page.fields.insert(("at", String(instant.unixMicroseconds)), at: 0)
            if page.fields.count == 1 {
                request.target = .time(RequestedTime(instant, typed: "\(instant)"))
                words += ["--restore-time", "\(instant)"]
            }
        }
        let told = try controlPlane.explainRestore(request)
        let plan = told.planned.plan
        page.frame = try visit.frame(server, .explain)
        page.frame.samePitr = [Shell.line(words)]
        page.group = server.resourceGroup
        page.name = server.name
        page.mayRestore = visit.may(.restoreServer, server.resourceGroup)
        page.stations = [
            Fact("Base backup", plan.backupName, isExact: true),
            Fact("Redo point", "\(plan.backupStart)", isExact: true),
            Fact(
                "Segments",
                "\(plan.segments.count), \(plan.segments.first?.fileName ?? "") to "
                    + (plan.segments.last?.fileName ?? ""), isExact: true),
            Fact("Consistent at", "\(plan.backupStop)", isExact: true),
            Fact("Cut at", "\(plan.expectedEnd)", isExact: true),
            Fact("Timeline", "\(plan.timeline), then \(plan.newTimeline)", isExact: true),
        ]
        page.stretch.end = plan.expectedEnd.distance(from: plan.backupStart)
        page.stretch.consistent = plan.backupStop.distance(from: plan.backupStart)
        page.stretch.borders = plan.segments.dropFirst().map { $0.start.distance(from: plan.backupStart) }
        page.steps = told.steps.map { step in
            ExplainPage.Step(
                step.title, step.text,
                files: step.files.map {
                    ExplainPage.File(path: $0.path, content: $0.content, purpose: $0.purpose)
                })
        }
        page.records = try records(
            ReplayedWAL(
                server: Self.reference(server), timeline: plan.timeline, first: plan.backupStart,
                cut: plan.expectedEnd))
        return page
    }
}
