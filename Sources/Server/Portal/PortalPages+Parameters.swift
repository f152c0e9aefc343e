import ControlPlane
import Platform
import Portal
import ServiceModel

/// Server parameters. They are read from the server itself, so that it has to run.
extension PortalPages {
    private static let mostParameters = 60

    func parameters(_ server: ServerDetails) throws -> APIResponse {
        let page = try parametersPage(server)
        return try exported(page.table, as: "\(server.name)-parameters") ?? .page(page)
    }

    private func parametersPage(_ server: ServerDetails) throws -> ListPage {
        let query = visit.request.query
        var page = ListPage(
            place(server, .parameters),
            columns: ["Parameter name", "Value", "Default", "Parameter type", ""])
        page.frame = try visit.frame(server, .parameters)
        page.listTitle = "Parameters"
        let at = "-g \(Shell.word(server.resourceGroup)) -s \(Shell.word(server.name))"
        page.frame.samePitr = ["pitr parameter list \(at)"]
        page.frame.sameAz = ["az postgres flexible-server parameter list \(at) -o table"]
        page.once = MachineSecret.fresh()
        page.searchLabel = "Search by name or description"
        page.search = query["search"] ?? ""
        page.emptyTitle = "None that fits"
        let show = query["show"] ?? ""
        if !show.isEmpty { page.kept = [("show", show)] }
        page.filters = [("All", ""), ("Modified", "modified"), ("Pending restart", "pending")].map {
            ListPage.Filter(
                $0.0, query: $0.1.isEmpty ? "" : "show=\($0.1)", isCurrent: show == $0.1)
        }
        let maySet = visit.may(.writeParameter, server.resourceGroup)
        let wanted = query["name"] ?? form["name"]
        let search = page.search.lowercased()
        var chosen: ParameterDetails?
        var left = 0
        var pending = 0
        try fill(&page) {
            let all = try controlPlane.listParameters(Self.reference(server))
            chosen = all.first { $0.name == wanted }
            pending = all.count(where: \.isConfigPendingRestart)
            let fitting = all.filter { parameter in
                (show != "modified" || parameter.source == "user-override")
                    && (show != "pending" || parameter.isConfigPendingRestart)
                    && [parameter.name, parameter.description].contains {
                        search.isEmpty || $0.lowercased().contains(search)
                    }
            }
            let isExport = query["format"] != nil
            left = isExport ? 0 : max(0, fitting.count - Self.mostParameters)
            return fitting.prefix(isExport ? fitting.count : Self.mostParameters).map {
                row($0, server, maySet)
            }
        }
        if left > 0 { page.more = "\(left) more are not listed: search for them." }
        if pending > 0, page.frame.notice == nil {
            page.frame.notice = Frame.Notice(
                .attention,
                "\(pending) \(pending == 1 ? "parameter waits" : "parameters wait") for a restart",
                ["Restart the server from its Overview for them to take effect."])
        }
        if let chosen, maySet, !chosen.isReadOnly { page.form = parameterForm(chosen) }
        return page
    }

    private func row(_ parameter: ParameterDetails, _ server: ServerDetails, _ maySet: Bool)
        -> [ListPage.Cell]
    {
        let unit = parameter.unit.map { " \($0)" } ?? ""
        let state =
            parameter.isConfigPendingRestart
            ? "Pending restart" : parameter.source == "user-override" ? "Modified" : ""
        let kind = parameter.isReadOnly ? "Read-only" : parameter.isDynamicConfig ? "Dynamic" : "Static"
        let actions =
            maySet && !parameter.isReadOnly
            ? [
                ListPage.Action(
                    "Change", parameter.name, place(server, .parameters),
                    query: "?name=\(parameter.name)&search=\(parameter.name)")
            ] : []
        return [
            .text(parameter.name, sub: parameter.description),
            .exact(parameter.value + (parameter.value.isEmpty ? "" : unit), sub: state),
            .exact(parameter.defaultValue), .text(kind), .actions(actions),
        ]
    }

    private func parameterForm(_ parameter: ParameterDetails) -> ListPage.Form {
        let choices =
            parameter.dataType == "Boolean"
            ? ["on", "off"]
            : parameter.dataType == "Enumeration"
                ? parameter.allowedValues.split(separator: ",").map(String.init) : []
        let value = form["value"] ?? parameter.value
        let unit = parameter.unit.map { "In \($0). " } ?? ""
        let hint =
            (choices.isEmpty ? "\(unit)Allowed: \(parameter.allowedValues). " : "")
            + (parameter.isDynamicConfig ? "It takes effect at once." : "It takes effect after a restart.")
        return ListPage.Form(
            parameter.name,
            [
                ListPage.Form.Field(
                    "Value", "value", value, hint: hint,
                    choices: choices.contains(value.lowercased()) ? choices.map { Choice($0) } : [])
            ], hidden: [("name", parameter.name)], button: "Save",
            other: parameter.source == "user-override" ? ("reset", "Reset to default") : nil)
    }

    func saveParameter(_ server: ServerDetails) throws -> APIResponse {
        try visit.require(.writeParameter, server.resourceGroup)
        let name = form["name"] ?? ""
        let value = form["do"] == "reset" ? nil : form["value"]
        do {
            return try visit.accept(form) {
                .setParameter(Self.reference(server), name: name, value: value)
            }
        } catch {
            return try refused(error) { try parametersPage(server) }
        }
    }
}
