import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import ServiceModel

struct UpdateCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "update", abstract: "Change a server.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @Option(help: "Days for which backups are kept, \(BackupRetention.allowedWords).")
    var backupRetention: Int?
    @Option(name: [.customShort("p"), .long], help: "New admin password.") var adminPassword: String?
    @OptionGroup var password: PasswordOptions
    @Option(help: "Burstable, GeneralPurpose or MemoryOptimized.") var tier: String?
    @Option(help: "Compute size; see list-skus. The server restarts.") var skuName: String?
    @Option(help: "Storage in GiB; it can only grow.") var storageSize: Int?
    @Option(help: "Whether the storage may grow by itself, a label here.") var storageAutoGrow: Switch?
    @Option(help: "Whether firewall rules can let anybody in.") var publicAccess: Switch?
    @Option(
        help: ArgumentHelp(
            "Hour of the week for weekly work, in UTC: Sun:1:30, or Disabled. Daily work then begins at its time.",
            valueName: "day:hour:minute"))
    var maintenanceWindow: String?
    @OptionGroup var tags: TagList
    @Option(
        help: ArgumentHelp(
            "When a copy is deleted, as with 'restore --expires', or 'never'.", valueName: "time"))
    var expires: String?
    @Flag(
        inversion: .prefixedNo,
        help: "Whether a copy stays although its time is over.")
    var hold: Bool?
    @OptionGroup var confirmed: YesOption
    @OptionGroup var refused: RefusedServerOptions
    @OptionGroup var generic: GenericUpdateOptions

    func execute(_ session: Session) throws -> Report {
        var request = try request
        request.adminPassword = try password.password(or: adminPassword)
        if tier != nil || skuName != nil {
            try session.confirmation.require(
                "A change of the compute size restarts the server '\(server.name)'. Go on?",
                yes: confirmed.yes)
        }
        let details = try session.controlPlane().updateServer(server.reference, request)
        if hold == false, let warning = ServerView.expiryWarning(details) {
            session.messages.warning(warning)
        }
        return try Report(FlexibleServer(details), ServerView.text(details))
    }

    var request: UpdateServerRequest {
        get throws(Problem) {
            var request = UpdateServerRequest()
            request.backupRetentionDays = backupRetention
            request.tags = tags.values
            request.adminPassword = adminPassword
            request.tier = tier
            request.skuName = skuName
            request.storageSizeGiB = storageSize
            request.storageAutoGrow = storageAutoGrow?.isOn
            request.publicAccess = publicAccess?.isOn
            request.expiry = try expires.map { (text) throws(Problem) in
                try ExpiryText.read(text, now: SystemWallClock().now())
            }
            request.isHeld = hold
            request.maintenanceWindow = try maintenanceWindow.map { (text) throws(Problem) in
                try RequestedWindow(text)
            }
            return request
        }
    }
}
