import ArgumentParser
import Platform
import ServiceModel

/// What the new server gets instead of the source's own.
struct CopyOptions: ParsableArguments {
    @OptionGroup var tags: TagList
    @OptionGroup var password: PasswordOptions
    @Option(help: "Compute tier; not below the source's.") var tier: String?
    @Option(help: "Compute size; see list-skus.") var skuName: String?
    @Option(help: "PremiumV2_LRS, a label here.") var storageType: String?
    @Option(help: "Keep the backups in the paired location as well.") var geoRedundantBackup: Switch?
    @Option(name: [.customShort("z"), .long], help: "Availability zone, a label here.") var zone: String?
    @Option(
        help: ArgumentHelp(
            "Let an IPv4 address, or a range a-b, log in from the start; may be repeated.",
            valueName: "address"))
    var allow: [String] = []
    @Option(help: "Address to listen on; else a loopback address of the server's own.") var listen: String?
    @Option(help: "Port; else 5432 where it is free.") var port: Int?

    /// What is asked for with them. To be called as `apply`.
    func request(_ target: TargetOptions, in group: GroupOption, name: String?) throws -> RestoreRequest {
        var request = try target.request(in: group)
        request.name = name
        try apply(to: &request)
        return request
    }

    /// To be called before root becomes the servers' account: it reads the file with a password.
    func apply(to request: inout RestoreRequest) throws(Problem) {
        request.adminPassword = try password.password()
        request.tags = tags.values
        request.tier = tier
        request.skuName = skuName
        request.storageType = storageType
        request.geoRedundantBackup = geoRedundantBackup?.isOn
        request.availabilityZone = zone
        request.allowedAddresses = allow
        request.listen = listen
        request.port = port
    }
}
