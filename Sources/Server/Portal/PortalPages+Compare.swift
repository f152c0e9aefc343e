import ControlPlane
import Platform
import Portal
import ServiceModel

/// Compare: a copy with what became of its source, or with another server.
extension PortalPages {
    func compare(_ server: ServerDetails) throws -> APIResponse {
        if let result = try result(server, .compare) { return result }
        return try answer(comparePage(server), "\(server.name)-compare")
    }

    private func comparePage(_ server: ServerDetails) throws -> ListPage {
        var page = ListPage(place(server, .compare), columns: Self.resultColumns)
        page.frame = try visit.frame(server, .compare)
        page.listTitle = "Results"
        page.frame.samePitr = [
            Shell.line(["pitr", "compare", "-g", server.resourceGroup, "-n", server.name])
                + (server.restoredFrom == nil ? " --with SERVER" : "")
        ]
        page.sentences = [
            "Definitions and rows are compared, value by value. Nothing is written on either side."
        ]
        page.emptyTitle = "Nothing was compared yet"
        page.emptyText =
            server.restoredFrom == nil
            ? "Choose a server above." : "This server is a copy: compare it with what became of its source."
        let choices = try others(server)
        if visit.may(.compare, server.resourceGroup), !choices.isEmpty {
            page.once = MachineSecret.fresh()
            page.form = ListPage.Form(
                "Compare \(server.name)",
                [
                    ListPage.Form.Field("With", "with", form["with"] ?? "", choices: choices),
                    ListPage.Form.Field(
                        "Database", "database", form["database"] ?? "", hint: "All of them where it is empty."
                    ),
                    ListPage.Form.Field(
                        "Tables", "tables", form["tables"] ?? "",
                        hint: "orders, shop.*: with blanks between them; all where it is empty."),
                ], button: "Compare")
        }
        try fill(&page) { try results(server, .compare) }
        return page
    }

    /// What it can be compared with: what became of its source first.
    private func others(_ server: ServerDetails) throws -> [Choice] {
        var choices: [Choice] = []
        if let origin = server.restoredFrom {
            choices = [
                Choice("", "the latest moment of \(origin.sourceServer), in a temporary copy"),
                Choice("source", "\(origin.sourceServer) itself, by SQL"),
            ]
        }
        let others = try controlPlane.listServers(resourceGroup: server.resourceGroup).filter {
            $0.name != server.name && $0.attached == nil
        }
        return choices + others.map { Choice("server:" + $0.name, "server \($0.name)") }
    }

    func beginCompare(_ server: ServerDetails) throws -> APIResponse {
        if form["do"] == "delete" { return try deleteResult(server, .compare) }
        try visit.require(.compare, server.resourceGroup)
        do {
            var other = CompareRequest.Other.sourceNow
            let with = form["with"] ?? ""
            if with == "source" { other = .source }
            if with.hasPrefix("server:") {
                other = .server(
                    ServerReference(
                        resourceGroup: server.resourceGroup, name: String(with.dropFirst("server:".count))))
            }
            var request = CompareRequest(server: Self.reference(server), other: other)
            request.database = given("database")
            request.tables = (given("tables") ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
            // The other side's content is told as well.
            if let group = try controlPlane.otherGroup(of: request) { try visit.require(.compare, group) }
            return try visit.accept(form) { [request] in .compare(request) }
        } catch {
            return try refused(error) { try comparePage(server) }
        }
    }
}
