import AzureAPI
import ControlPlane
import Foundation
import Platform
import Portal
import ServiceModel

/// Create, and Compute + storage: how large a server is, and how long its backups are kept.
extension PortalPages {
    /// In GiB. Larger ones are for az.
    private static let storages = [32, 64, 128, 256, 512, 1024, 2048, 4096]

    private func computeForm() -> ComputeForm {
        var compute = ComputeForm()
        compute.sizes = controlPlane.listSKUs().map { size in
            Choice(
                size.name,
                "\(size.name), \(size.vCores) \(size.vCores == 1 ? "vCore" : "vCores"), "
                    + "\(size.vCores * size.memoryMiBPerVCore / 1024) GiB", group: size.tier)
        }
        compute.retention = String(BackupRetention.standardDays)
        compute.retentions = BackupRetention.allowedDays
        compute.storages = Self.storages.map { Choice(String($0), "\($0) GiB") }
        return compute
    }

    /// The SKU that was chosen, if it is one of the tier that was chosen: without JavaScript the list has
    /// those of all tiers.
    private func chosenSize() -> String? {
        guard let name = form["size"], !name.isEmpty else { return nil }
        let size = controlPlane.listSKUs().first { $0.name == name }
        return size == nil || size?.tier == form["tier"] ? name : nil
    }

    private func number(_ field: String, _ words: String) throws -> Int {
        guard let value = Int(form[field] ?? "") else {
            throw Problem(.invalidParameterValue, "\(words) is not a whole number")
        }
        return value
    }

    private func newPassword() throws -> String {
        let password = form["password"] ?? ""
        guard password == form["confirm"] else {
            throw Problem(
                .invalidParameterValue, "the two passwords differ", hint: "Type the same one twice.")
        }
        return password
    }

    // MARK: Create

    func createPage() throws -> CreatePage {
        guard visit.identity.role.allows(.createServer) else {
            try visit.require(.createServer, Identifiers.defaultGroup)
            throw Problem(.authorizationFailed, "creating a server is not permitted")
        }
        var page = CreatePage()
        page.frame = try visit.frame("Create Azure Database for PostgreSQL flexible server")
        page.frame.way = [Frame.Link("Servers", .servers)]
        page.groups = try controlPlane.listGroups().filter { visit.may(.createServer, $0.name) }.map {
            Choice($0.name)
        }
        page.group = page.groups.first?.value ?? ""
        page.versions = controlPlane.installedVersions().map { Choice($0) }
        page.version = page.versions.first?.value ?? ""
        page.compute = computeForm()
        page.compute.tier = "Burstable"
        page.once = MachineSecret.fresh()
        page.frame.samePitr = [
            "pitr create -g <group> -n <server> --tier Burstable --public-access 127.0.0.1"
        ]
        page.frame.sameAz = [
            "az postgres flexible-server create -g <group> -n <server> --tier Burstable "
                + "--public-access 127.0.0.1"
        ]
        return page
    }

    func create() throws -> APIResponse {
        var made: String?
        do {
            if let begun = visit.begun(form) { return begun }
            if form["step"] == "basics" {
                var page = try createPage()
                fill(&page)
                return .page(page)
            }
            let request = try createRequest()
            if form["step"] == "review" { return try .page(review(request)) }
            let group = request.resourceGroup
            let answer = try visit.accept(form) {
                if try isNew(group) {
                    try visit.require(.writeGroup, group)
                    _ = try controlPlane.createGroup(
                        name: group, location: nil, tags: [:], caller: visit.caller)
                    made = group
                }
                return .create(request)
            }
            if let kept = form["kept"] { visit.passwords.forget(kept, now: controlPlane.now) }
            return answer
        } catch {
            let problem = ControlPlane.problem(from: error)
            // An empty group that stays does no harm; why the server was refused is what is told.
            if let made { try? controlPlane.discardEmptyGroup(made, caller: visit.caller) }
            guard problem.code.httpStatus < 500, problem.code != .authorizationFailed else { throw problem }
            var page = try createPage()
            page.frame.notice = Frame.Notice(problem)
            fill(&page)
            return .page(page, status: problem.code.httpStatus)
        }
    }

    private func isNew(_ group: String) throws -> Bool {
        try !controlPlane.listGroups().contains { $0.name.lowercased() == group.lowercased() }
    }

    /// What the form asks for, as far as it can be told without making anything.
    private func createRequest() throws -> CreateServerRequest {
        let group = (form["group"] ?? "").trimmingCharacters(in: .whitespaces)
        try visit.require(.createServer, group)
        var request = CreateServerRequest(resourceGroup: group)
        request.name = (form["name"] ?? "").trimmingCharacters(in: .whitespaces).lowercased()
        request.version = form["version"]
        request.adminUser = form["login"]
        request.adminPassword = try form["kept"].map(keptPassword) ?? newPassword()
        request.tier = form["tier"]
        request.skuName = chosenSize()
        request.storageSizeGiB = try number("storage", "the storage size")
        request.backupRetentionDays = try number("retention", "the retention period")
        request.geoRedundantBackup = form["geo"] == "yes"
        request.publicAccess = form["access"] == "none" ? "Enabled" : "127.0.0.1"
        request.tags = try TagRule.checked(Self.tags(form["tags"] ?? ""))
        return request
    }

    private func keptPassword(_ key: String) throws -> String {
        guard
            let password = visit.passwords.password(
                key, session: visit.session.token, now: controlPlane.now)
        else {
            throw Problem(
                .invalidParameterValue, "the password is no longer kept",
                hint: "Type it again, and create the server within a quarter of an hour.")
        }
        return password
    }

    /// Review + create: what will be made. Only what can be told at once is refused here.
    private func review(_ request: CreateServerRequest) throws -> CreateReviewPage {
        let name = request.name ?? ""
        if let refusal = try controlPlane.refusal(ofName: name) { throw refusal }
        try ControlPlane.checkAdministrator(request.adminUser, password: request.adminPassword)
        guard (7...35).contains(request.backupRetentionDays ?? 7) else {
            throw Problem(
                .invalidParameterValue, "the retention period is not from 7 to 35 days",
                hint: "Choose a number from 7 to 35.")
        }
        var page = CreateReviewPage()
        page.frame = try visit.frame("Create Azure Database for PostgreSQL flexible server")
        page.frame.way = [Frame.Link("Servers", .servers)]
        page.once = form["once"] ?? MachineSecret.fresh()
        let carried = [
            "group", "name", "version", "login", "tier", "size", "storage", "retention", "geo", "access",
            "tags",
        ]
        page.fields = carried.compactMap { field in form[field].map { (field, $0) } }
        page.kept = visit.passwords.keep(
            request.adminPassword ?? "", session: visit.session.token, now: controlPlane.now)
        let group = request.resourceGroup
        let isNewGroup = try isNew(group)
        let isForMachine = form["access"] != "none"
        page.details = [
            Fact("Subscription", "Local"),
            Fact("Resource group", isNewGroup ? "\(group) (new)" : group), Fact("Server name", name),
            Fact("Location", "local"), Fact("PostgreSQL version", request.version ?? ""),
            Fact("Compute tier", request.tier ?? ""),
            Fact("Compute size", request.skuName ?? "The tier's usual size"),
            Fact("Storage size", "\(request.storageSizeGiB ?? 0) GiB"),
            Fact("Backup retention period (in days)", String(request.backupRetentionDays ?? 0)),
            Fact(
                "Backup redundancy",
                request.geoRedundantBackup == true ? "Geo-Redundant" : "Locally redundant"),
            Fact("Administrator login", request.adminUser ?? ""),
            Fact("Who may connect", isForMachine ? "This machine (127.0.0.1)" : "Nobody yet"),
            Fact("Tags", form["tags"] ?? ""),
        ]
        let words = Self.options(request)
        page.frame.samePitr = [Shell.line(["pitr", "create"] + words)]
        page.frame.sameAz = [Shell.line(["az", "postgres", "flexible-server", "create"] + words)]
        return page
    }

    /// What was typed stays, but for the password.
    private func fill(_ page: inout CreatePage) {
        page.group = form["group"] ?? ""
        page.name = form["name"] ?? ""
        page.version = form["version"] ?? page.version
        page.login = form["login"] ?? ""
        page.access = form["access"] ?? ""
        page.tags = form["tags"] ?? ""
        fill(&page.compute)
    }

    private func fill(_ compute: inout ComputeForm) {
        compute.tier = form["tier"] ?? compute.tier
        compute.size = form["size"] ?? compute.size
        compute.storage = form["storage"] ?? compute.storage
        compute.retention = form["retention"] ?? compute.retention
        if compute.isNew { compute.isGeoRedundant = form["geo"] == "yes" }
    }

    private static func tags(_ text: String) -> [String: String] {
        var tags: [String: String] = [:]
        for word in text.split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            tags[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        return tags
    }

    // MARK: Compute + storage

    func computePage(_ server: ServerDetails) throws -> ComputePage {
        var page = ComputePage()
        page.frame = try visit.frame("\(server.name) | Compute + storage", server, .compute)
        page.group = server.resourceGroup
        page.name = server.name
        page.maySave = visit.may(.updateServer, server.resourceGroup)
        page.once = MachineSecret.fresh()
        page.read = Self.read(server)
        page.compute = computeForm()
        page.compute.isNew = false
        page.compute.tier = server.tier
        page.compute.size = server.skuName
        page.compute.storage = String(server.storageSizeGiB)
        if !Self.storages.contains(server.storageSizeGiB) {
            page.compute.storages.append(
                Choice(String(server.storageSizeGiB), "\(server.storageSizeGiB) GiB"))
        }
        page.compute.retention = String(server.backupRetentionDays)
        page.compute.isGeoRedundant = server.geoRedundantBackup
        let place = "-g \(Shell.word(server.resourceGroup)) -n \(Shell.word(server.name))"
        page.frame.samePitr = ["pitr update \(place) --backup-retention \(server.backupRetentionDays)"]
        page.frame.sameAz = [
            "az postgres flexible-server update \(place) --backup-retention \(server.backupRetentionDays)"
        ]
        return page
    }

    /// What the form was filled from.
    private static func read(_ server: ServerDetails) -> String {
        "\(server.tier) \(server.skuName) \(server.storageSizeGiB) \(server.backupRetentionDays)"
    }

    func saveCompute(_ server: ServerDetails) throws -> APIResponse {
        try visit.require(.updateServer, server.resourceGroup)
        func again(_ notice: Frame.Notice, status: Int, keepsTyped: Bool) throws -> APIResponse {
            var page = try computePage(server)
            page.frame.notice = notice
            if keepsTyped { fill(&page.compute) }
            return .page(page, status: status)
        }
        do {
            if let begun = visit.begun(form) { return begun }
            if form["read"] != Self.read(server) {
                let notice = Frame.Notice(
                    .attention, "This server was changed meanwhile",
                    ["Below is what it has now. Choose again and save."])
                return try again(notice, status: 409, keepsTyped: false)
            }
            var update = UpdateServerRequest()
            if let tier = form["tier"], tier != server.tier { update.tier = tier }
            if let size = chosenSize(), size != server.skuName { update.skuName = size }
            let storage = try number("storage", "the storage size")
            if storage != server.storageSizeGiB { update.storageSizeGiB = storage }
            let retention = try number("retention", "the retention period")
            if retention != server.backupRetentionDays { update.backupRetentionDays = retention }
            guard update != UpdateServerRequest() else {
                return try again(
                    Frame.Notice(.attention, "Nothing was changed"), status: 200, keepsTyped: true)
            }
            return try visit.accept(form) { .update(Self.reference(server), update) }
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500 else { throw problem }
            return try again(
                Frame.Notice(problem), status: problem.code.httpStatus, keepsTyped: true)
        }
    }

    static func reference(_ server: ServerDetails) -> ServerReference {
        ServerReference(resourceGroup: server.resourceGroup, name: server.name)
    }

    // MARK: What is confirmed

    private func action(_ part: Place.ServerPlace) -> AccessAction {
        switch part {
        case .stop: .stopServer
        case .start: .startServer
        case .restart: .restartServer
        case .delete: .deleteServer
        default: .updateServer
        }
    }

    func confirmPage(_ server: ServerDetails, _ part: Place.ServerPlace) throws -> ConfirmPage {
        try visit.require(action(part), server.resourceGroup)
        var page = ConfirmPage()
        let (title, button, sentences): (String, String, [String]) =
            switch part {
            case .stop:
                ("Stop server", "Stop", ["Nobody can connect to \(server.name) until it is started again."])
            case .start: ("Start server", "Start", ["\(server.name) is started."])
            case .restart:
                (
                    "Restart server", "Restart",
                    ["Every connection to \(server.name) is ended and can be made again."]
                )
            case .delete:
                (
                    "Delete \(server.name)", "Delete",
                    [
                        "Its backups are kept for five days: it can be brought back from Deleted servers "
                            + "until then."
                    ]
                )
            default: ("Reset password", "Save", ["A new password for \(server.administratorLogin)."])
            }
        page.frame = try visit.frame(title, server, part)
        page.group = server.resourceGroup
        page.name = server.name
        page.part = part
        page.button = button
        page.sentences = sentences
        page.isDelete = part == .delete
        page.asksPassword = part == .password
        page.once = MachineSecret.fresh()
        let place = "-g \(Shell.word(server.resourceGroup)) -n \(Shell.word(server.name))"
        if part != .password {
            page.frame.samePitr = ["pitr \(part.rawValue) \(place)"]
            page.frame.sameAz = ["az postgres flexible-server \(part.rawValue) \(place)"]
        }
        return page
    }

    func confirmed(_ server: ServerDetails, _ part: Place.ServerPlace) throws -> APIResponse {
        try visit.require(action(part), server.resourceGroup)
        let reference = Self.reference(server)
        do {
            if part == .delete, form["understood"] != "yes" || form["typed"] != server.name {
                throw Problem(
                    .invalidParameterValue, "the box is not ticked, or the name is another one",
                    hint: "Tick the box and type \(server.name).")
            }
            var update = UpdateServerRequest()
            if part == .password { update.adminPassword = try newPassword() }
            return try visit.accept(form) {
                switch part {
                case .stop: .stop(reference)
                case .start: .start(reference)
                case .restart: .restart(reference)
                case .delete: .delete(reference)
                default: .update(reference, update)
                }
            }
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500 else { throw problem }
            var page = try confirmPage(server, part)
            page.frame.notice = Frame.Notice(problem)
            return .page(page, status: problem.code.httpStatus)
        }
    }

    /// Takes a copy's end away.
    func keep(_ server: ServerDetails) throws -> APIResponse {
        try visit.require(.updateServer, server.resourceGroup)
        var update = UpdateServerRequest()
        update.expiry = .never
        return try visit.accept(form) { .update(Self.reference(server), update) }
    }
}
