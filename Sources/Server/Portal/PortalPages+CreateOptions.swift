import ServiceModel

/// Create as a command.
extension PortalPages {
    /// The options of `create` by which pitr and az make the same server; the password is on no page.
    static func options(_ request: CreateServerRequest) -> [String] {
        var words = ["-g", request.resourceGroup, "-n", request.name ?? ""]
        func add(_ option: String, _ value: String?) {
            if let value, !value.isEmpty { words += [option, value] }
        }
        add("--version", request.version)
        add("--tier", request.tier)
        add("--sku-name", request.skuName)
        add("--storage-size", request.storageSizeGiB.map(String.init))
        add("--backup-retention", request.backupRetentionDays.map(String.init))
        if request.geoRedundantBackup == true { add("--geo-redundant-backup", "Enabled") }
        add("--admin-user", request.adminUser)
        add("--public-access", request.publicAccess)
        let tags = request.tags.sorted { $0.key < $1.key }
        if !tags.isEmpty {
            words.append("--tags")
            words += tags.map { $0.value.isEmpty ? $0.key : "\($0.key)=\($0.value)" }
        }
        return words
    }
}
