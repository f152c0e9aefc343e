import ControlPlane
import Platform
import Portal
import ServiceModel

/// Fills the pages for one visit, and takes their forms.
struct PortalPages: Sendable {
    let visit: PortalVisit
    /// The fields that were sent.
    let form: [String: String]

    init(_ visit: PortalVisit, _ form: [String: String]) {
        self.visit = visit
        self.form = form
    }

    var controlPlane: ControlPlane { visit.controlPlane }

    /// Nil for signing out, which ends the visit.
    func answer(_ place: Place, isPost: Bool) throws -> APIResponse? {
        switch (place, isPost) {
        case (.signOut, true): return nil
        case (.servers, false): return try servers()
        case (.create, _): return try isPost ? create() : .page(createPage())
        case (.notifications, false): return try notifications()
        case (.deployment(let id), _): return try isPost ? cancel(id) : .page(deployment(id))
        case (.deleted, _): return try isPost ? changeDeleted() : deletedServers()
        case (.activity, false): return try activityLog()
        case (.access, _): return try isPost ? changeAccess() : access()
        case (.practice, false): return try .page(practice())
        case (.events, false): return events()
        case (.server(let group, let name, let part), _):
            let inFull = !isPost && (part == .overview || part == .backups)
            let server = try visit.server(group, name, inFull: inFull)
            return try answer(server, part, isPost: isPost)
        case (.servers, true), (.notifications, true), (.activity, true), (.events, true), (.practice, true):
            throw notAllowed
        // Those of the site are answered before anybody is asked for.
        case (.signOut, false), (.signIn, _), (.asset, _): throw notAllowed
        }
    }

    private func answer(_ server: ServerDetails, _ part: Place.ServerPlace, isPost: Bool) throws
        -> APIResponse
    {
        switch (part, isPost) {
        case (.overview, false): try .page(overview(server))
        case (.timeline, false): try timeline(server)
        case (.connect, false): try .page(connect(server))
        case (.compute, _): try isPost ? saveCompute(server) : .page(computePage(server))
        case (.restore, _): try isPost ? restore(server) : .page(restorePage(server))
        case (.networking, _): try isPost ? saveRule(server) : .page(networkingPage(server))
        case (.explain, false): try .page(explain(server))
        case (.undo, _): try isPost ? beginUndo(server) : undo(server)
        case (.compare, _): try isPost ? beginCompare(server) : compare(server)
        case (.drills, _): try isPost ? runDrill(server) : drills(server)
        case (.parameters, _): try isPost ? saveParameter(server) : parameters(server)
        case (.databases, _): try isPost ? saveDatabase(server) : databases(server)
        case (.backups, _): try isPost ? saveBackup(server) : .page(backupsPage(server))
        case (.keep, true): try keep(server)
        case (.stop, _): try confirm(.stop, server, isPost: isPost)
        case (.start, _): try confirm(.start, server, isPost: isPost)
        case (.restart, _): try confirm(.restart, server, isPost: isPost)
        case (.delete, _): try confirm(.delete, server, isPost: isPost)
        case (.password, _): try confirm(.password, server, isPost: isPost)
        case (.overview, true), (.timeline, true), (.connect, true), (.explain, true), (.keep, false):
            throw notAllowed
        }
    }

    /// A page that only shows was sent a form, or one that only takes a form was asked for.
    private var notAllowed: Problem {
        let method = visit.request.method
        return APICall.notAllowed(method, allowed: [method == "POST" ? "GET" : "POST"])
    }

    /// What is in progress, as it changes.
    private func events() -> APIResponse {
        var response = APIResponse(
            status: 200, headers: [("Content-Type", "text/event-stream; charset=utf-8")])
        response.follows = LiveFollower(scope: visit.identity.scope, session: visit.session.token)
        return response
    }

    /// The table alone, where that is asked for; nil where the page is.
    func exported(_ table: Table, as name: String) throws -> APIResponse? {
        var response: APIResponse
        switch visit.request.query["format"] {
        case "csv":
            response = APIResponse(
                status: 200, headers: [("Content-Type", "text/csv; charset=utf-8")],
                body: Array(table.csv.utf8))
        case "json":
            response = try .document(
                table.rows.map { row in
                    Dictionary(zip(table.columns, row), uniquingKeysWith: { first, _ in first })
                })
        default: return nil
        }
        let format = visit.request.query["format"] == "csv" ? "csv" : "json"
        response.headers.append(("Content-Disposition", "attachment; filename=\"\(name).\(format)\""))
        return response
    }

    // MARK: What pages share

    /// The server as the control plane knows it.
    static func reference(_ server: ServerDetails) -> ServerReference {
        ServerReference(resourceGroup: server.resourceGroup, name: server.name)
    }

    /// A place of a server.
    func place(_ server: ServerDetails, _ part: Place.ServerPlace) -> Place {
        .server(group: server.resourceGroup, name: server.name, part)
    }

    /// The list, or why it cannot be read.
    func fill(_ page: inout ListPage, _ rows: () throws -> [[ListPage.Cell]]) throws {
        do {
            page.rows = try rows()
        } catch {
            let problem = ControlPlane.problem(from: error)
            // An export without rows would say that there are none.
            guard problem.code.httpStatus < 500, visit.request.query["format"] == nil else { throw problem }
            page.frame.notice = Frame.Notice(problem)
            page.emptyTitle = "The list cannot be read now"
        }
    }

    /// The page, or its table alone.
    func answer(_ page: ListPage, _ name: String) throws -> APIResponse {
        try exported(page.table, as: name) ?? .page(page)
    }

    /// Whether one of the words has what is searched for.
    func searched(_ words: [String]) -> Bool {
        let wanted = (visit.request.query["search"] ?? "").lowercased()
        return wanted.isEmpty || words.contains { $0.lowercased().contains(wanted) }
    }

    /// The page again with what was refused, and what was typed.
    func refused(_ error: any Error, _ again: () throws -> ListPage) throws -> APIResponse {
        let problem = ControlPlane.problem(from: error)
        guard problem.code.httpStatus < 500, problem.code != .authorizationFailed else { throw problem }
        var page = try again()
        page.frame.notice = Frame.Notice(problem)
        return .page(page, status: problem.code.httpStatus)
    }
}
