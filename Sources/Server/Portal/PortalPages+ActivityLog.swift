import AzureAPI
import ControlPlane
import Foundation
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// The activity log.
extension PortalPages {
    /// Each has its JSON of some three KiB in the page.
    private static let mostEvents = 25

    func activityLog() throws -> APIResponse {
        let query = visit.request.query
        var page = ListPage(
            .activity, columns: ["Operation", "Status", "Time (UTC)", "Event initiated by", "JSON"])
        page.frame = try visit.frame(.activity)
        page.frame.samePitr = ["pitr activity-log list"]
        page.frame.sameAz = ["az monitor activity-log list --max-events \(Self.mostEvents)"]
        let status = query["status"] ?? ""
        page.filters = ["", "Started", "Succeeded", "Failed"].map { word in
            ListPage.Filter(
                word.isEmpty ? "All" : word, query: word.isEmpty ? "" : "status=\(word)",
                isCurrent: word == status)
        }
        if !status.isEmpty { page.kept = [("status", status)] }
        if let end = PortalWords.instant(query["to"]) {
            page.part = [("to", String(end.unixMicroseconds))]
        }
        page.searchLabel = "Search by operation, resource, caller or correlation"
        page.search = query["search"] ?? ""
        page.emptyTitle =
            page.search.isEmpty && status.isEmpty ? "Nothing has happened yet" : "None that fits"
        // One more than is shown tells whether there are older ones; those that do not fit are passed over.
        let events = try controlPlane.activityLog(
            resourceGroup: visit.identity.scope.group, resourceID: nil, correlationID: nil, caller: nil,
            status: status.isEmpty ? nil : status, from: nil, to: PortalWords.instant(query["to"]),
            limit: 2000
        ).filter {
            searched(
                [
                    $0.operationTitle, $0.operationName, $0.resourceID, $0.caller, $0.correlationID,
                    $0.status.rawValue,
                ])
        }
        page.rows = try events.prefix(Self.mostEvents).map(row)
        if events.count > Self.mostEvents {
            let last = events[Self.mostEvents].time.unixMicroseconds
            page.older = (page.kept + [("search", page.search), ("to", String(last))]).map {
                "\($0.0)=\($0.1.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
            }.joined(separator: "&")
            page.more = "\(Self.mostEvents) of \(events.count)\(events.count == 2000 ? " or more" : ""). "
        }
        return try answer(page, "activity-log")
    }

    private func row(_ event: ActivityEvent) throws -> [ListPage.Cell] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(ActivityLogEvent(event)), as: UTF8.self)
        let resource = event.resourceID.split(separator: "/").suffix(1).joined()
        let failure = event.statusMessage.map { ": \($0)" } ?? ""
        return [
            .text(event.operationTitle, sub: resource + failure), .state(event.status.rawValue),
            .exact(PortalWords.time(event.time)), .text(event.caller),
            .hidden(
                "JSON", exact: text, of: "\(event.operationTitle), \(PortalWords.time(event.time))"),
        ]
    }
}
