public import Platform
import PostgresFormat
public import ServiceModel

extension ServerBody {
    /// What the body asks for where there is no server of that name yet.
    public func creation(group: String, name: String) throws(Problem) -> OperationRequest {
        let region = try region()
        switch mode {
        case .standard, .create: return .create(try creating(group, name, region))
        case .update, .replica:
            throw Problem(
                .resourceNotFound, "There is no server '\(name)' to update in resource group '\(group)'.",
                hint: "Use createMode Create to make one.")
        case .pointInTimeRestore:
            guard pointInTime != nil else {
                throw missing("pointInTimeUTC", "It is the time to restore to, for example now.")
            }
            return .restore(try restoring(group, name))
        case .geoRestore: return .geoRestore(try restoring(group, name), location: region.name)
        case .reviveDropped: return .revive(try restoring(group, name))
        }
    }

    /// Where the server is to be.
    public func region() throws(Problem) -> AzureLocation {
        guard let location, !location.isEmpty else {
            throw missing("location", "A server has to be somewhere; 'local' is this machine's own place.")
        }
        return try AzureLocation.resolve(location)
    }

    private func creating(_ group: String, _ name: String, _ region: AzureLocation) throws(Problem)
        -> CreateServerRequest
    {
        guard let administratorLogin, !administratorLogin.isEmpty else {
            throw missing("administratorLogin", "It cannot be changed later.")
        }
        guard let administratorLoginPassword, !administratorLoginPassword.isEmpty else {
            throw missing(
                "administratorLoginPassword", "Specify one; a generated password could not be returned.")
        }
        try checkStorageSpeed(sizes: [storageSizeGiB ?? 128])
        var request = CreateServerRequest(resourceGroup: group)
        request.name = name
        request.location = region.name
        request.adminUser = administratorLogin
        request.adminPassword = administratorLoginPassword
        request.version = version
        request.tier = tier
        request.skuName = skuName
        request.storageSizeGiB = storageSizeGiB
        request.storageType = storageType
        request.storageAutoGrow = storageAutoGrow
        request.backupRetentionDays = backupRetentionDays
        request.geoRedundantBackup = geoRedundantBackup
        // Rules come one by one afterwards, each with its own request.
        request.publicAccess = publicNetworkAccess == false ? "Disabled" : "Enabled"
        request.tags = tags ?? [:]
        request.availabilityZone = availabilityZone
        request.maintenanceWindow = maintenanceWindow?.window
        return request
    }

    private func restoring(_ group: String, _ name: String) throws(Problem) -> RestoreRequest {
        guard maintenanceWindow?.window == nil else {
            throw Problem(
                .operationNotSupported, "A restored server begins without a maintenance window.",
                hint: "Update it with one when it is there.")
        }
        let source = try source(defaultGroup: group)
        var request = RestoreRequest(
            resourceGroup: group, sourceServer: ResourceID.server(source))
        request.name = name
        if let pointInTime { request.target = .time(pointInTime) }
        request.tags = tags
        request.tier = tier
        request.skuName = skuName
        request.storageType = storageType
        request.geoRedundantBackup = geoRedundantBackup
        request.availabilityZone = availabilityZone
        return request
    }

    /// The server whose backups are to be restored: a whole resource id, or a name in the same group.
    public func source(defaultGroup: String) throws(Problem) -> ServerReference {
        guard let text = sourceServerResourceID, !text.isEmpty else {
            throw missing("sourceServerResourceId", "It names the server whose backups are restored.")
        }
        let path = ResourcePath.parse(
            text.contains("/")
                ? text
                : ResourcePath(
                    .server(group: defaultGroup, name: text, .itself),
                    subscription: ResourceID.subscription
                ).text)
        guard let path, case .server(let group, let name, .itself) = path.resource else {
            throw Problem(
                .invalidParameterValue,
                "The provided source server "
                    + "\(text.prefix(ResourcePath.longestPath)) is invalid.",
                hint: "Use the server's whole resource id.")
        }
        guard path.subscription?.lowercased() == ResourceID.subscription else {
            throw Problem(
                .subscriptionNotFound,
                "The subscription '\(path.subscription ?? "")' of the source server could not be found.")
        }
        return ServerReference(resourceGroup: group, name: name)
    }

    /// Refuses what a point-in-time restore cannot change, once the source is known.
    ///
    /// A deleted server's name may be another one's by now, so that a revival has nothing to compare with.
    public func checkSource(_ source: ServerDetails) throws(Problem) {
        guard mode != .reviveDropped else { return }
        if mode == .pointInTimeRestore, let location, !Self.same(location, source.location) {
            throw Problem(
                .invalidParameterValue,
                "Invalid value given for parameter location. Specify a valid parameter value.",
                detail: "a restore stays in the location of its source, '\(source.location)'",
                hint: "Use createMode GeoRestore to go to the paired location.")
        }
        if mode != .geoRestore, let access = publicNetworkAccess, access != source.publicNetworkAccess {
            throw Problem(
                .invalidParameterValue,
                "A restore cannot cross from public to private access or back.",
                detail: source.publicNetworkAccess
                    ? "the source has public access" : "the source has no public access",
                hint: "Restore first, then change the network of the new server.")
        }
        if let version, version != source.version {
            throw Problem(
                .invalidParameterValue,
                "A restored server has the major version of its source, \(source.version).")
        }
        if let size = storageSizeGiB, size != source.storageSizeGiB {
            throw Problem(
                .invalidParameterValue,
                "A restored server has the storage size of its source, \(source.storageSizeGiB) GiB.",
                hint: "Restore first, then enlarge the new server.")
        }
    }

    /// Refuses a performance tier or rate that storage of none of these sizes has; zero asks for nothing.
    func checkStorageSpeed(sizes: [Int]) throws(Problem) {
        let disks = sizes.compactMap(ManagedDisk.holding)
        let knowsTier = storageTier.map { tier in
            disks.contains { $0.tier.lowercased() == tier.lowercased() }
        }
        let knowsRate = storageIops.map { rate in rate == 0 || disks.contains { $0.iops == rate } }
        guard knowsTier ?? true, knowsRate ?? true, storageThroughput ?? 0 == 0 else {
            throw Problem(
                .operationNotSupported,
                "The performance tier, IOPS and throughput of storage cannot be chosen on this machine.",
                hint: "Leave them out; they are shown as they would be for storage of that size.")
        }
    }

    static func same(_ left: String, _ right: String) -> Bool {
        if let left = AzureLocation.find(left), let right = AzureLocation.find(right) { return left == right }
        return left.lowercased() == right.lowercased()
    }

    private func missing(_ name: String, _ hint: String) -> Problem {
        Problem(
            .invalidParameterValue,
            "Invalid value given for parameter \(name). Specify a valid parameter value.",
            detail: "it is missing", hint: hint)
    }
}
