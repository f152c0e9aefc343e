import ControlPlane
import Planning
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// Explain: what a restore to the handle would do, step by step.
extension PortalPages {
    func explain(_ server: ServerDetails) throws -> ExplainPage {
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
        return page
    }
}
