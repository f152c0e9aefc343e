import ArgumentParser
import AzureAPI
import ControlPlane
import PostgresFormat
import ServiceModel

struct CreateCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a server and take its first backup.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(name: .shortAndLong, help: "Name of the server; made up when missing.") var name: String?
    @Option(name: .shortAndLong, help: "Location, a label here.") var location: String?
    @Option(name: [.customShort("u"), .long], help: "Admin login; made up when missing.") var adminUser:
        String?
    @Option(name: [.customShort("p"), .long], help: "Admin password; made up when missing.")
    var adminPassword: String?
    @OptionGroup var password: PasswordOptions
    @Option(
        help: "PostgreSQL's major version, \(WALVersion.supportedWords); else the newest that is installed.")
    var version: String?
    @Option(help: "Burstable, GeneralPurpose or MemoryOptimized.") var tier: String?
    @Option(help: "Compute size; see list-skus.") var skuName: String?
    @Option(help: "Storage in GiB.") var storageSize: Int?
    @Option(help: "Premium_LRS or PremiumV2_LRS, a label here.") var storageType: String?
    @Option(help: "Whether the storage may grow by itself, a label here.") var storageAutoGrow: Switch?
    @Option(help: "Days for which backups are kept, \(BackupRetention.allowedWords).")
    var backupRetention: Int?
    @Option(help: "Keep the backups in the paired location as well.") var geoRedundantBackup: Switch?
    @Option(help: "None, Disabled, Enabled, All, an address, or a range a-b; else a rule for 127.0.0.1.")
    var publicAccess: String?
    @Option(name: [.customShort("d"), .long], help: "A database to make.") var databaseName: String?
    @Option(name: [.customShort("z"), .long], help: "Availability zone, a label here.") var zone: String?
    @Option(help: "Address to listen on; else a loopback address of the server's own.") var listen: String?
    @Option(help: "Port; else 5432 where it is free.") var port: Int?
    @Flag(help: "Change nothing, with status 0, when the server is there; print it as show does.")
    var ifNotExists = false
    @OptionGroup var tags: TagList
    @OptionGroup var confirmed: YesOption
    @OptionGroup var refused: RefusedServerOptions

    func validate() throws {
        if ifNotExists, name == nil {
            throw ValidationError("--if-not-exists needs a --name to look for")
        }
    }

    func execute(_ session: Session) throws -> Report {
        var request = request
        request.adminPassword = try password.password(or: adminPassword)
        let controlPlane = try session.controlPlane()
        if ifNotExists, let server = try controlPlane.existingServer(request) {
            session.messages.note("Server '\(server.name)' is there already; nothing was changed.")
            return try Report(FlexibleServer(server), ServerView.text(server))
        }
        let created = try controlPlane.createServer(request)
        created.notes.forEach(session.messages.note)
        return try Report(CreatedServerDocument(created), ServerView.text(created))
    }

    var request: CreateServerRequest {
        var request = CreateServerRequest(resourceGroup: group.resourceGroup)
        request.name = name
        request.location = location
        request.adminUser = adminUser
        request.adminPassword = adminPassword
        request.version = version
        request.tier = tier
        request.skuName = skuName
        request.storageSizeGiB = storageSize
        request.storageType = storageType
        request.storageAutoGrow = storageAutoGrow?.isOn
        request.backupRetentionDays = backupRetention
        request.geoRedundantBackup = geoRedundantBackup?.isOn
        request.publicAccess = publicAccess
        request.databaseName = databaseName
        request.availabilityZone = zone
        request.listen = listen
        request.port = port
        request.tags = tags.values ?? [:]
        return request
    }
}
