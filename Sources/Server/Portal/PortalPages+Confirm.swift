import ControlPlane
import Platform
import Portal
import ServiceModel

/// What is confirmed with a button: stop, start, restart, delete, a new password. And a copy that is kept.
extension PortalPages {
    enum Confirmed: String {
        case stop, start, restart, delete, password

        var place: Place.ServerPlace {
            switch self {
            case .stop: .stop
            case .start: .start
            case .restart: .restart
            case .delete: .delete
            case .password: .password
            }
        }

        fileprivate var action: AccessAction {
            switch self {
            case .stop: .stopServer
            case .start: .startServer
            case .restart: .restartServer
            case .delete: .deleteServer
            case .password: .updateServer
            }
        }

        /// What happens.
        fileprivate func sentence(_ server: ServerDetails) -> String {
            switch self {
            case .stop: "Nobody can connect to \(server.name) until it is started again."
            case .start: "\(server.name) is started."
            case .restart: "Every connection to \(server.name) is ended and can be made again."
            case .delete:
                "Its backups are kept for five days: it can be brought back from Deleted servers "
                    + "until then."
            case .password: "A new password for \(server.administratorLogin)."
            }
        }
    }

    func confirm(_ what: Confirmed, _ server: ServerDetails, isPost: Bool) throws -> APIResponse {
        try visit.require(what.action, server.resourceGroup)
        return try isPost ? confirmed(what, server) : .page(confirmPage(what, server))
    }

    private func confirmPage(_ what: Confirmed, _ server: ServerDetails) throws -> ConfirmPage {
        var page = ConfirmPage()
        page.frame = try visit.frame(server, what.place)
        page.group = server.resourceGroup
        page.name = server.name
        page.part = what.place
        page.button = what == .password ? "Save" : what.place.words
        page.sentences = [what.sentence(server)]
        page.isDelete = what == .delete
        page.asksPassword = what == .password
        page.once = MachineSecret.fresh()
        let place = "-g \(Shell.word(server.resourceGroup)) -n \(Shell.word(server.name))"
        if what != .password {
            page.frame.samePitr = ["pitr \(what.rawValue) \(place)"]
            page.frame.sameAz = ["az postgres flexible-server \(what.rawValue) \(place)"]
        }
        return page
    }

    private func confirmed(_ what: Confirmed, _ server: ServerDetails) throws -> APIResponse {
        let reference = Self.reference(server)
        do {
            if what == .delete, form["understood"] != "yes" || form["typed"] != server.name {
                throw Problem(
                    .invalidParameterValue, "the box is not ticked, or the name is another one",
                    hint: "Tick the box and type \(server.name).")
            }
            var update = UpdateServerRequest()
            if what == .password { update.adminPassword = try newPassword() }
            return try visit.accept(form) {
                switch what {
                case .stop: .stop(reference)
                case .start: .start(reference)
                case .restart: .restart(reference)
                case .delete: .delete(reference)
                case .password: .update(reference, update)
                }
            }
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500 else { throw problem }
            var page = try confirmPage(what, server)
            page.frame.notice = Frame.Notice(problem)
            return .page(page, status: problem.code.httpStatus)
        }
    }

    func newPassword() throws -> String {
        let password = form["password"] ?? ""
        guard password == form["confirm"] else {
            throw Problem(
                .invalidParameterValue, "the two passwords differ", hint: "Type the same one twice.")
        }
        return password
    }

    /// Takes a copy's end away.
    func keep(_ server: ServerDetails) throws -> APIResponse {
        try visit.require(.updateServer, server.resourceGroup)
        var update = UpdateServerRequest()
        update.expiry = .never
        return try visit.accept(form) { .update(Self.reference(server), update) }
    }
}
