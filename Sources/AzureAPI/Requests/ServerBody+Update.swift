public import Platform
public import ServiceModel

extension ServerBody {
    /// What the body changes of a server that is there; what it repeats is left out.
    ///
    /// az sends the whole of what it read back with the change in it, so a value that is as it was is never
    /// an error; one that cannot change is refused only when it is another.
    public func update(of server: ServerDetails) throws(Problem) -> UpdateServerRequest {
        try checkUnchangeable(of: server)
        // A client that changes the size may send the speed of the old one with it.
        try checkStorageSpeed(sizes: [server.storageSizeGiB, storageSizeGiB ?? server.storageSizeGiB])
        var request = UpdateServerRequest()
        let sameTier = tier.map { $0.lowercased() == server.tier.lowercased() } ?? true
        let sameSize = skuName.map { $0.lowercased() == server.skuName.lowercased() } ?? true
        if !sameTier || !sameSize {
            // A new tier with the old size is refused, as in Azure: what works here has to work there.
            request.tier = tier
            request.skuName = skuName
        }
        request.storageSizeGiB = changed(storageSizeGiB, from: server.storageSizeGiB)
        request.storageAutoGrow = changed(storageAutoGrow, from: server.storageAutoGrow)
        request.backupRetentionDays = changed(backupRetentionDays, from: server.backupRetentionDays)
        request.publicAccess = changed(publicNetworkAccess, from: server.publicNetworkAccess)
        if let maintenanceWindow, maintenanceWindow.window != server.maintenanceWindow {
            request.maintenanceWindow = maintenanceWindow
        }
        request.tags = changed(tags, from: server.tags)
        request.adminPassword = administratorLoginPassword
        return request
    }

    /// The version that a server is to be upgraded to; nil where the body names the one that it has, or none.
    ///
    /// - Throws: `.operationNotSupported` for an upgrade with other changes in the same body.
    public func upgrade(of server: ServerDetails) throws(Problem) -> String? {
        guard let version, version != server.version else { return nil }
        guard try update(of: server) == UpdateServerRequest() else {
            throw Problem(
                .operationNotSupported,
                "A major version upgrade cannot be combined with other changes.",
                hint: "Change the version alone, and the rest afterwards.")
        }
        return version
    }

    private func changed<Value: Equatable>(_ new: Value?, from old: Value) -> Value? {
        new == old ? nil : new
    }

    private func checkUnchangeable(of server: ServerDetails) throws(Problem) {
        switch mode {
        case .standard, .create, .update, .replica: break
        case .pointInTimeRestore, .geoRestore, .reviveDropped:
            throw Problem(
                .serverNameAlreadyExists, "Specified server name is already used.", detail: server.name,
                hint: "Choose another name; a restore never overwrites.")
        }
        if let location, !Self.same(location, server.location) {
            throw Problem(
                .invalidResourceLocation,
                "The resource '\(server.name)' already exists in location '\(server.location)' in "
                    + "resource group '\(server.resourceGroup)'. A resource with the same name cannot be "
                    + "created in location '\(location)'. Please select a new resource name.")
        }
        if let login = administratorLogin, !login.isEmpty, login != server.administratorLogin {
            throw fixed("administratorLogin", server.administratorLogin)
        }
        if let geo = geoRedundantBackup, geo != server.geoRedundantBackup {
            throw Problem(
                .operationNotSupported,
                "Geo-redundant backup can only be chosen when a server is created.",
                hint: "Restore to a new server, and choose it there.")
        }
        if let type = storageType, type.lowercased() != server.storageType.lowercased() {
            throw fixed("storage.type", server.storageType)
        }
        if let zone = availabilityZone, let own = server.availabilityZone, zone != own {
            throw fixed("availabilityZone", own)
        }
        if let password = administratorLoginPassword, password.isEmpty {
            throw Problem(.passwordTooShort, "The password must not be empty.")
        }
    }

    private func fixed(_ name: String, _ value: String) -> Problem {
        Problem(
            .invalidParameterValue,
            "Invalid value given for parameter \(name). Specify a valid parameter value.",
            detail: "it cannot be changed; the server has '\(value)'")
    }
}
