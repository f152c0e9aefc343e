import AzureAPI
import ControlPlane
import Platform
import PostgresFormat

struct ParameterBody { var value: String?; init(_ json: JSONValue) throws {} }
struct DatabaseBody { var charset, collation: String?; init(_ json: JSONValue) throws {} }
struct FirewallRuleBody { var start = "", end = ""; init(_ json: JSONValue) throws {} }
struct ResourceFilter {
    var resourceGroup: String?
    init(_ text: String?) throws {}
    func admits(name: String, type: String, location: String) -> Bool { true }
}
extension Resources {
    func put(_ server: ServerReference) throws -> APIResponse {
        throw Problem(.operationNotSupported, "Changes come later.")
    }
    func patch(_ server: ServerReference) throws -> APIResponse { try put(server) }
    func activityLog() throws -> APIResponse {
        let events = try controlPlane.activityLog(
            resourceGroup: nil, resourceID: nil, correlationID: nil, caller: nil, status: nil, from: nil,
            to: nil, limit: 50)
        return try .document(WireList(events.map { ActivityLogEvent($0) }))
    }
}
extension CloudErrorDocument {
    init(_ body: Body) { self.init(code: body.code, message: body.message) }
}
