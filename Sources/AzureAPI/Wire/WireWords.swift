/// Advice given at one face, in words that fit the other: commands of `pitr` that az has as well become az's,
/// and options become the properties of the request that they fill, since not everybody who calls is az.
enum WireWords {
    private static let servers: Set<Substring> = [
        "create", "show", "list", "update", "delete", "start", "stop", "restart", "restore",
        "revive-dropped", "geo-restore", "backup", "firewall-rule", "parameter", "db", "list-skus",
    ]
    /// Options that only `pitr` has: with them, the command stays as it is.
    private static let own: Set<Substring> = ["--deleted", "--all", "--purge"]

    /// By the option, the path of the property in a request's body.
    private static let properties: [Substring: String] = [
        "--admin-user": "properties.administratorLogin",
        "--admin-password": "properties.administratorLoginPassword",
        "--backup-retention": "properties.backup.backupRetentionDays",
        "--geo-redundant-backup": "properties.backup.geoRedundantBackup", "--location": "location",
        "--public-access": "properties.network.publicNetworkAccess",
        "--restore-time": "properties.pointInTimeUTC", "--sku-name": "sku.name",
        "--source-server": "properties.sourceServerResourceId",
        "--storage-auto-grow": "properties.storage.autoGrow",
        "--storage-size": "properties.storage.storageSizeGB",
        "--storage-type": "properties.storage.type", "--tags": "tags", "--tier": "sku.tier",
        "--version": "properties.version", "--zone": "properties.availabilityZone",
    ]

    /// Replaces every `'pitr …'` that has a counterpart, and every option that stands in no command.
    static func translate(_ text: String) -> String {
        text.replacing(/'(?<program>pitr|az) (?<command>[^']+)'|--[a-z][a-z-]*/) { match in
            guard let command = match.output.command, match.output.program == "pitr" else {
                return properties[match.output.0] ?? String(match.output.0)
            }
            let words = command.split(separator: " ")
            guard let verb = words.first, own.isDisjoint(with: words) else { return String(match.output.0) }
            switch verb {
            case "group": return "'az \(command)'"
            case "activity-log": return "'az monitor \(command)'"
            default:
                return servers.contains(verb)
                    ? "'az postgres flexible-server \(command)'" : String(match.output.0)
            }
        }
    }
}
