public import Platform
public import ServiceModel

/// The body of `PUT` and `PATCH` on a server: what is asked for, before it is known whether it is there.
///
/// What Azure has and this machine has not is refused when it is asked for, and passed over when it is said
/// to be off, as az always says.
public struct ServerBody: Sendable {
    /// Azure's `createMode`; nil on the wire is `create`.
    public enum Mode: String, Sendable, CaseIterable {
        case standard = "Default"
        case create = "Create"
        case update = "Update"
        case pointInTimeRestore = "PointInTimeRestore"
        case geoRestore = "GeoRestore"
        case reviveDropped = "ReviveDropped"
        case replica = "Replica"
    }

    public var mode: Mode
    /// As given; `region` is what it means.
    public var location: String?
    public var tags: [String: String]?
    public var tier: String?
    public var skuName: String?
    public var administratorLogin: String?
    public var administratorLoginPassword: String?
    public var version: String?
    public var pointInTime: RequestedTime?
    public var sourceServerResourceID: String?
    public var availabilityZone: String?
    public var storageSizeGiB: Int?
    public var storageType: String?
    public var storageAutoGrow: Bool?
    /// How fast the storage is to be: here that follows from its size.
    public var storageTier: String?
    public var storageIops: Int?
    public var storageThroughput: Int?
    public var backupRetentionDays: Int?
    public var geoRedundantBackup: Bool?
    public var publicNetworkAccess: Bool?
    public var maintenanceWindow: RequestedWindow?

    /// Throws `.invalidRequestContent`, `.invalidParameterValue`, and `.operationNotSupported` for what
    /// cannot be had here.
    public init(_ bytes: [UInt8]) throws(Problem) {
        let body = try RequestBody(bytes)
        let properties = try body.part("properties")
        let storage = try properties.part("storage")
        let backup = try properties.part("backup")
        try UnavailableFeatures.refuse(body, properties)
        mode = try Self.mode(properties)
        location = try body.text("location")
        tags = try body.tags()
        tier = try body.part("sku").text("tier")
        skuName = try body.part("sku").text("name")
        administratorLogin = try properties.text("administratorLogin")
        administratorLoginPassword = try properties.text("administratorLoginPassword")
        version = try properties.text("version")
        pointInTime = try Self.pointInTime(properties)
        sourceServerResourceID = try properties.text("sourceServerResourceId")
        availabilityZone = try Self.zone(properties)
        storageSizeGiB = try storage.number("storageSizeGB")
        storageType = try Self.storageType(storage)
        storageAutoGrow = try storage.toggle("autoGrow")
        storageTier = try storage.text("tier").flatMap { $0.isEmpty ? nil : $0 }
        storageIops = try storage.number("iops")
        storageThroughput = try storage.number("throughput")
        backupRetentionDays = try backup.number("backupRetentionDays")
        geoRedundantBackup = try backup.toggle("geoRedundantBackup")
        publicNetworkAccess = try properties.part("network").toggle("publicNetworkAccess")
        maintenanceWindow = try Self.window(try properties.part("maintenanceWindow"))
    }

    private static func window(_ part: RequestBody) throws(Problem) -> RequestedWindow? {
        guard let isCustom = try part.toggle("customWindow") else { return nil }
        guard isCustom else { return .disabled }
        return .custom(
            try MaintenanceWindow(
                dayOfWeek: try part.numberOrDigits("dayOfWeek") ?? 0,
                startHour: try part.numberOrDigits("startHour") ?? 0,
                startMinute: try part.numberOrDigits("startMinute") ?? 0))
    }

    private static func mode(_ properties: RequestBody) throws(Problem) -> Mode {
        guard let text = try properties.text("createMode") else { return .create }
        guard let mode = Mode.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() })
        else {
            throw RequestBody.invalidParameter(
                "createMode", text, allowed: Mode.allCases.map(\.rawValue))
        }
        guard mode != .replica else {
            throw Problem(.operationNotSupported, "Read replicas are not available on this machine.")
        }
        return mode
    }

    private static func pointInTime(_ properties: RequestBody) throws(Problem) -> RequestedTime? {
        guard let text = try properties.text("pointInTimeUTC") else { return nil }
        guard let time = RequestTime.parse(text) else {
            throw Problem(
                .invalidParameterValue,
                "The restore point in time value has incorrect date format. "
                    + "Use ISO format e.g., 2026-03-22T18:20:22+00:00.",
                detail: "'\(text.prefix(80))' is no such time")
        }
        return RequestedTime(time, typed: text)
    }

    private static func zone(_ properties: RequestBody) throws(Problem) -> String? {
        guard let text = try properties.text("availabilityZone"), !text.isEmpty else { return nil }
        guard ["1", "2", "3"].contains(text) else {
            throw RequestBody.invalidParameter("availabilityZone", text, allowed: ["1", "2", "3"])
        }
        return text
    }

    /// An empty type is Azure's way of saying the usual one.
    private static func storageType(_ storage: RequestBody) throws(Problem) -> String? {
        guard let text = try storage.text("type"), !text.isEmpty else { return nil }
        let known = ["Premium_LRS", "PremiumV2_LRS"]
        guard let type = known.first(where: { $0.lowercased() == text.lowercased() }) else {
            throw RequestBody.invalidParameter("storage.type", text, allowed: known)
        }
        return type
    }
}

/// What servers of Azure's can have and those of this machine cannot.
enum UnavailableFeatures {
    static func refuse(_ body: RequestBody, _ properties: RequestBody) throws(Problem) {
        let network = try properties.part("network")
        for name in ["delegatedSubnetResourceId", "privateDnsZoneArmResourceId"] {
            guard try (network.text(name) ?? "").isEmpty else {
                throw none(
                    "Private access through a virtual network is",
                    hint: "Leave out the subnet and the private DNS zone; firewall rules say who may connect."
                )
            }
        }
        if let mode = try properties.part("highAvailability").text("mode"), !isOff(mode) {
            throw none("High availability is", hint: "Set highAvailability.mode to Disabled.")
        }
        let encryption = try properties.part("dataEncryption")
        if let type = try encryption.text("type"), !["systemmanaged", ""].contains(type.lowercased()) {
            throw none("Encryption with keys of one's own is", hint: "Use SystemManaged.")
        }
        if let type = try body.part("identity").text("type"), !["none", ""].contains(type.lowercased()) {
            throw none("A managed identity of a server is", hint: "Leave identity out.")
        }
        let access = try properties.part("authConfig")
        if try access.toggle("activeDirectoryAuth") == true {
            throw none("Microsoft Entra authentication is", hint: "Use password authentication.")
        }
        if try access.toggle("passwordAuth") == false {
            throw Problem(
                .operationNotSupported, "Password authentication cannot be disabled.",
                detail: "it is the only way in")
        }
        if let size = try properties.part("cluster").number("clusterSize"), size > 0 {
            throw none("An elastic cluster is", hint: "Leave cluster out.")
        }
    }

    private static func isOff(_ word: String) -> Bool { ["disabled", ""].contains(word.lowercased()) }

    private static func none(_ what: String, hint: String) -> Problem {
        Problem(.operationNotSupported, "\(what) not available on this machine.", hint: hint)
    }
}
