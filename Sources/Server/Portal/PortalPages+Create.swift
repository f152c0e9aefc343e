import AzureAPI
import ControlPlane
import Foundation
import Platform
import Portal
import ServiceModel

/// Create: what is asked, and what will be made.
extension PortalPages {
    func createPage() throws -> CreatePage {
        guard visit.identity.role.allows(.createServer) else {
            try visit.require(.createServer, Identifiers.defaultGroup)
            throw Problem(.authorizationFailed, "creating a server is not permitted")
        }
        var page = CreatePage()
        page.frame = try visit.frame(.create)
        page.frame.way = [Frame.Link(.servers)]
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
        let allowed = BackupRetention.allowedDays
        guard allowed.contains(request.backupRetentionDays ?? BackupRetention.standardDays) else {
            throw Problem(
                .invalidParameterValue,
                "the retention period is not from \(BackupRetention.allowedWords) days",
                hint: "Choose a number from \(BackupRetention.allowedWords).")
        }
        var page = CreateReviewPage()
        page.frame = try visit.frame(.create)
        page.frame.way = [Frame.Link(.servers)]
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

    private static func tags(_ text: String) -> [String: String] {
        var tags: [String: String] = [:]
        for word in text.split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            tags[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        return tags
    }
}
