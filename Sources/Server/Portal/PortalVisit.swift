import AzureAPI
import ControlPlane
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// One request of somebody who is signed in.
struct PortalVisit: Sendable {
    let controlPlane: ControlPlane
    let request: APIRequest
    let identity: Identity
    let session: PortalSessions.Session
    let wake: API.Wake
    let sent: PortalSentForms
    let passwords: PortalPasswords

    /// As in the API: behind the default identity, the account at the other end.
    var caller: Caller {
        guard identity.isLocal, let user = request.peer.user() else { return Caller(name: identity.name) }
        return Caller(Person.of(user))
    }

    func may(_ action: AccessAction, _ group: String?) -> Bool { identity.may(action, group: group) }

    func require(_ action: AccessAction, _ group: String) throws {
        try Authenticator.require(
            action, by: identity, group: group, scope: ResourceID.group(group))
    }

    /// - Parameter inFull: with what it takes on the disk and what its archiver does.
    func server(_ group: String, _ name: String, inFull: Bool = false) throws -> ServerDetails {
        try require(.read, group)
        let reference = ServerReference(resourceGroup: group, name: name)
        return try inFull ? controlPlane.showServer(reference) : controlPlane.server(reference)
    }

    /// Enters an operation and answers where to watch it. The same form again enters nothing.
    func accept(_ form: [String: String], _ operation: () throws -> OperationRequest) throws -> APIResponse {
        let id = try sent.once(key(form)) {
            let accepted = try controlPlane.accept(operation(), caller: caller)
            wake()
            return accepted.id
        }
        return .seeOther(.deployment(id))
    }

    /// Where to watch what this form has begun already; nil when it has begun nothing.
    func begun(_ form: [String: String]) -> APIResponse? {
        sent.operation(of: key(form)).map { .seeOther(.deployment($0)) }
    }

    /// What a form is known by when it comes again: everything in it, since after Back the same page may be
    /// filled anew. A hash, which keeps no password.
    private func key(_ form: [String: String]) -> String {
        guard form["once"] != nil else { return MachineSecret.fresh() }
        let fields = form.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        let words = [session.token, request.path] + fields
        // Each with its length: no two forms read the same.
        return MachineSecret.hash(words.map { "\($0.utf8.count):\($0)" }.joined())
    }

    /// The incident to practise on, where there is one and the visitor may see it.
    func practice() throws -> Practice? {
        try controlPlane.practice().flatMap { identity.scope.covers(group: $0.group) ? $0 : nil }
    }

    // MARK: The frame

    func frame(_ place: Place) throws -> Frame { try frame(titled: place.title) }

    func frame(titled title: String) throws -> Frame {
        var frame = Frame()
        frame.title = title
        var user = Frame.SignedIn()
        user.name = identity.name
        user.role = identity.role.rawValue
        user.token = session.token
        user.untilSeconds = session.expiresAt / 1_000_000
        user.until = PortalWords.time(PostgresTimestamp(unixMicroseconds: session.expiresAt))
        frame.signedIn = user
        frame.openOperations = try openOperations().count
        frame.isPractice = try practice() != nil
        return frame
    }

    func frame(_ server: ServerDetails, _ part: Place.ServerPlace) throws -> Frame {
        func place(_ part: Place.ServerPlace) -> Place {
            .server(group: server.resourceGroup, name: server.name, part)
        }
        var frame = try frame(place(part))
        frame.kind = "Azure Database for PostgreSQL flexible server"
        frame.way = [Frame.Link(.servers)]
        if part != .overview { frame.way.append(Frame.Link(place(.overview))) }
        // What is not run here: all that would be refused.
        let parts = Place.ServerPlace.allCases.filter { server.isOwn || !$0.needsOwnServer }
        frame.menu = Place.ServerPlace.Menu.allCases.map { menu in
            (menu.rawValue, parts.filter { $0.menu == menu }.map { Frame.Link($0.words, place($0)) })
        }
        frame.here = place(part)
        return frame
    }

    // MARK: Operations

    func openOperations() throws -> [OperationStatus] {
        try operations(all: false)
    }

    /// Those that lie within what the identity may see, the newest first: as many as fit after that choice.
    func operations(all: Bool) throws -> [OperationStatus] {
        try controlPlane.listOperations(resourceGroup: identity.scope.group, all: all).filter {
            identity.scope.covers(group: Self.resource($0)?.group)
        }
    }

    /// The group and, of a server or a part of it, the server that an operation is about.
    static func resource(_ status: OperationStatus) -> (group: String, server: String?)? {
        switch ResourcePath.parse(status.resourceID)?.resource {
        case .server(let group, let name, _)?: (group, name)
        case .group(let group)?: (group, nil)
        default: nil
        }
    }
}

extension APIResponse {
    static func page(_ page: some Page, status: Int = 200) -> APIResponse {
        APIResponse(
            status: status, headers: [("Content-Type", "text/html; charset=utf-8")],
            body: Array(page.document.utf8))
    }

    /// After a form: a page of its own, which can be loaded again.
    static func seeOther(_ place: Place) -> APIResponse {
        APIResponse(status: 303, headers: [("Location", place.path)])
    }
}
