import ControlPlane
import Platform
import Portal
import ServiceModel

/// Databases. They are read from the server itself, so that it has to run.
extension PortalPages {
    func databases(_ server: ServerDetails) throws -> APIResponse {
        let page = try databasesPage(server)
        return try exported(page.table, as: "\(server.name)-databases") ?? .page(page)
    }

    private func databasesPage(_ server: ServerDetails) throws -> ListPage {
        var page = ListPage(
            place(server, .databases), columns: ["Name", "Character set", "Collation", ""])
        page.frame = try visit.frame(server, .databases)
        page.listTitle = "Databases"
        let at = "-g \(Shell.word(server.resourceGroup)) -s \(Shell.word(server.name))"
        page.frame.samePitr = ["pitr db list \(at)"]
        page.frame.sameAz = ["az postgres flexible-server db list \(at) -o table"]
        page.once = MachineSecret.fresh()
        page.emptyTitle = "No databases"
        if visit.may(.writeDatabase, server.resourceGroup) {
            page.form = ListPage.Form(
                "Add a database", [ListPage.Form.Field("Name", "name", form["name"] ?? "")], button: "Add")
        }
        let mayDelete = visit.may(.deleteDatabase, server.resourceGroup)
        try fill(&page) {
            try controlPlane.listDatabases(Self.reference(server)).map { database in
                let isOfSystem = ["postgres", "azure_maintenance", "azure_sys"].contains(database.name)
                let actions =
                    mayDelete && !isOfSystem
                    ? [
                        ListPage.Action(
                            "Delete", database.name, place(server, .databases),
                            fields: [("do", "delete"), ("name", database.name)],
                            confirmation: "Delete for good")
                    ] : []
                return [
                    .text(database.name, sub: isOfSystem ? "of the system" : ""), .text(database.charset),
                    .text(database.collation), .actions(actions),
                ]
            }
        }
        return page
    }

    func saveDatabase(_ server: ServerDetails) throws -> APIResponse {
        let isDeletion = form["do"] == "delete"
        try visit.require(isDeletion ? .deleteDatabase : .writeDatabase, server.resourceGroup)
        let name = form["name"] ?? ""
        do {
            return try visit.accept(form) {
                isDeletion
                    ? .deleteDatabase(Self.reference(server), name: name)
                    : .createDatabase(Self.reference(server), name: name, charset: nil, collation: nil)
            }
        } catch {
            return try refused(error) { try databasesPage(server) }
        }
    }
}
