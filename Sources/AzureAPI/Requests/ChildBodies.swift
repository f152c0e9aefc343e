public import Platform
public import ServiceModel

/// The body of `PUT` on a firewall rule.
public struct FirewallRuleBody: Sendable, Hashable {
    public var startIPAddress: String
    public var endIPAddress: String

    public init(_ bytes: [UInt8]) throws(Problem) {
        let properties = try RequestBody(bytes).part("properties")
        guard let start = try properties.text("startIpAddress") else {
            throw properties.missing("startIpAddress")
        }
        guard let end = try properties.text("endIpAddress") else {
            throw properties.missing("endIpAddress")
        }
        startIPAddress = start
        endIPAddress = end
    }
}

/// The body of `PUT` on a database; nil is PostgreSQL's default.
public struct DatabaseBody: Sendable, Hashable {
    public var charset: String?
    public var collation: String?

    public init(_ bytes: [UInt8]) throws(Problem) {
        let properties = try RequestBody.optional(bytes).part("properties")
        charset = try properties.text("charset")
        collation = try properties.text("collation")
    }
}

/// The body of `PUT` and `PATCH` on a parameter.
public struct ConfigurationBody: Sendable, Hashable {
    /// As given; nil where it is to be the default.
    public var value: String?

    public init(_ bytes: [UInt8]) throws(Problem) {
        let properties = try RequestBody(bytes).part("properties")
        let value = try properties.text("value")
        switch try properties.text("source")?.lowercased() {
        case nil, "user-override"?:
            guard let value else { throw properties.missing("value") }
            self.value = value
        case "system-default"?: self.value = nil
        case let source?:
            throw RequestBody.invalidParameter(
                "source", source, allowed: ["system-default", "user-override"])
        }
    }

    /// What to set: nil for the default, also where that was spelled out, which is how az resets.
    public func setting(of parameter: ParameterDetails) -> String? {
        value == parameter.defaultValue ? nil : value
    }
}

/// The body of `POST …/restart`, which may be left out.
public struct RestartBody: Sendable, Hashable {
    public init(_ bytes: [UInt8]) throws(Problem) {
        let body = try RequestBody.optional(bytes)
        if try body.flag("restartWithFailover") == true {
            throw Problem(
                .operationNotSupported,
                "Failing over can only be triggered for zone redundant or same zone servers.")
        }
    }
}

/// The body of `POST …/startMajorVersionUpgradePrecheck`.
public struct UpgradeCheckBody: Sendable, Hashable {
    public var targetVersion: String

    public init(_ bytes: [UInt8]) throws(Problem) {
        let body = try RequestBody(bytes)
        guard let version = try body.text("targetVersion") else { throw body.missing("targetVersion") }
        targetVersion = version
    }
}

/// The body of `POST …/checkNameAvailability`.
public struct NameCheckBody: Sendable, Hashable {
    public var name: String
    public var type: String

    public init(_ bytes: [UInt8]) throws(Problem) {
        let body = try RequestBody(bytes)
        guard let name = try body.text("name") else { throw body.missing("name") }
        self.name = name
        type = try body.text("type") ?? ResourceID.serverType
    }
}

/// The body of `PUT` and `PATCH` on a resource group.
public struct GroupBody: Sendable, Hashable {
    /// The region's own name; nil where it was not given, as in a `PATCH`.
    public var location: String?
    public var tags: [String: String]?

    /// - Parameter isNew: whether a location has to be there.
    public init(_ bytes: [UInt8], isNew: Bool) throws(Problem) {
        let body = try RequestBody(bytes)
        if let text = try body.text("location") {
            location = try AzureLocation.resolve(text, for: ResourceID.groupType).name
        } else if isNew {
            throw Problem(
                .invalidRequestContent, "The location property is required for this definition.",
                hint: "Any location will do; 'local' is this machine's own.")
        }
        tags = try body.tags()
    }
}
