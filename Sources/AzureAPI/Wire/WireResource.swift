import ServiceModel

/// A resource as Azure Resource Manager nests it: what every resource has, and `properties`.
///
/// Unlike az, which prints `null`, the wire leaves out what is missing.
public struct WireResource<Properties: Encodable & Sendable>: Encodable, Sendable {
    public var id: String
    public var name: String
    public var type: String
    public var location: String?
    public var tags: [String: String]?
    public var sku: FlexibleServer.SKU?
    public var systemData: WireSystemData?
    public var properties: Properties

    init(id: String, name: String, type: String, properties: Properties) {
        self.id = id
        self.name = name
        self.type = type
        self.properties = properties
    }
}

/// When a server was made and changed last, and by whom, as far as that is known.
public struct WireSystemData: Encodable, Sendable {
    public var createdAt: String
    public var createdBy: String?
    public var createdByType: String?
    public var lastModifiedAt: String?
    public var lastModifiedBy: String?
    public var lastModifiedByType: String?

    init(_ server: ServerDetails) {
        let printed = FlexibleServer.SystemData(server)
        createdAt = printed.createdAt
        createdBy = printed.createdBy
        createdByType = printed.createdByType
        lastModifiedAt = printed.lastModifiedAt
        lastModifiedBy = printed.lastModifiedBy
        lastModifiedByType = printed.lastModifiedByType
    }
}

/// A list, and where it goes on.
public struct WireList<Item: Encodable & Sendable>: Encodable, Sendable {
    public var value: [Item]
    /// A whole URL; nil on the last page.
    public var nextLink: String?

    public init(_ value: [Item], nextLink: String? = nil) {
        self.value = value
        self.nextLink = nextLink
    }
}

/// A list of what a server never has.
public struct WireNothing: Encodable, Sendable {}
