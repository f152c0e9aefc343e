import PostgresFormat
public import ServiceModel

/// One event of `az monitor activity-log list`.
public struct ActivityLogEvent: Codable, Sendable {
    /// A word for programs and the same for people.
    public struct Localizable: Codable, Sendable {
        public var localizedValue: String
        public var value: String

        init(_ value: String, localized: String? = nil) {
            self.value = value
            localizedValue = localized ?? value
        }
    }

    public struct Authorization: Codable, Sendable {
        public var action: String
        @OrNull public var role: String?
        public var scope: String
    }

    public var authorization: Authorization
    public var caller: String
    public var category: Localizable
    @OrNull public var claims: [String: String]?
    public var correlationId: String
    public var description: String
    public var eventDataId: String
    public var eventName: Localizable
    public var eventTimestamp: String
    @OrNull public var httpRequest: String?
    public var id: String
    public var level: String
    public var operationId: String
    public var operationName: Localizable
    public var properties: [String: String]
    public var resourceGroup: String
    public var resourceGroupName: String
    public var resourceId: String
    public var resourceProviderName: Localizable
    public var resourceType: Localizable
    public var status: Localizable
    public var subStatus: Localizable
    public var submissionTimestamp: String
    public var subscriptionId: String
    @OrNull public var tenantId: String?

    public init(_ event: ActivityEvent) {
        authorization = Authorization(action: event.operationName, scope: event.resourceID)
        caller = event.caller
        category = Localizable("Administrative")
        correlationId = event.correlationID
        description = ""
        eventDataId = event.eventID
        eventName =
            event.status == .started
            ? Localizable("BeginRequest", localized: "Begin request")
            : Localizable("EndRequest", localized: "End request")
        eventTimestamp = event.time.wireText
        id = "\(event.resourceID)/events/\(event.eventID)"
        level = event.status == .failed ? "Error" : "Informational"
        operationId = event.operationID
        operationName = Localizable(event.operationName, localized: event.operationTitle)
        properties = event.properties
        properties["statusCode"] = event.errorCode
        properties["statusMessage"] = event.statusMessage
        resourceGroup = event.resourceGroup
        resourceGroupName = event.resourceGroup
        resourceId = event.resourceID
        resourceProviderName = Self.provider(of: event.operationName)
        resourceType = Localizable(Self.resourceType(of: event.operationName))
        status = Localizable(event.status.rawValue)
        subStatus = Localizable("")
        // Events are kept the moment they happen.
        submissionTimestamp = event.time.wireText
        subscriptionId = ResourceID.subscription
    }

    private static func provider(of operation: String) -> Localizable {
        let name = String(operation.prefix { $0 != "/" })
        return Localizable(
            name, localized: name == "Microsoft.DBforPostgreSQL" ? "Azure Database for PostgreSQL" : name)
    }

    /// `…/flexibleServers/write` is about `…/flexibleServers`, `…/restart/action` as well.
    private static func resourceType(of operation: String) -> String {
        var parts = operation.split(separator: "/")
        if parts.last == "action" { parts = parts.dropLast() }
        return parts.dropLast().joined(separator: "/")
    }
}
