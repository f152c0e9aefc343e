import ControlPlane
import Platform
import Portal
import ServiceModel

/// Compute + storage: how large a server is, and how long its backups are kept.
extension PortalPages {
    /// In GiB. Larger ones are for az.
    private static let storages = [32, 64, 128, 256, 512, 1024, 2048, 4096]

    func computeForm() -> ComputeForm {
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
    func chosenSize() -> String? {
        guard let name = form["size"], !name.isEmpty else { return nil }
        let size = controlPlane.listSKUs().first { $0.name == name }
        return size == nil || size?.tier == form["tier"] ? name : nil
    }

    func number(_ field: String, _ words: String) throws -> Int {
        guard let value = Int(form[field] ?? "") else {
            throw Problem(.invalidParameterValue, "\(words) is not a whole number")
        }
        return value
    }

    func fill(_ compute: inout ComputeForm) {
        compute.tier = form["tier"] ?? compute.tier
        compute.size = form["size"] ?? compute.size
        compute.storage = form["storage"] ?? compute.storage
        compute.retention = form["retention"] ?? compute.retention
        if compute.isNew { compute.isGeoRedundant = form["geo"] == "yes" }
    }

    func computePage(_ server: ServerDetails) throws -> ComputePage {
        var page = ComputePage()
        page.frame = try visit.frame(server, .compute)
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
}
