import ServiceModel
import ServiceSamples
@testable import AzureAPI
import Foundation
import Platform
import PostgresFormat
import Testing
import TestValues

struct FilterTests {
    private func event(_ seconds: Int64 = 0) -> ActivityEvent {
        ActivityEvent(
            eventID: "e", correlationID: "c-1", operationID: "o", time: instant(seconds),
            operationName: "Microsoft.DBforPostgreSQL/flexibleServers/write", operationTitle: "t",
            status: .succeeded, resourceGroup: "Shop",
            resourceID: ResourceID.server(ServerReference(resourceGroup: "Shop", name: "orders")),
            caller: "o'brien", errorCode: nil, statusMessage: nil, properties: [:])
    }

    @Test(arguments: [
        "eventTimestamp ge 2026-03-31T22:02:13 and eventTimestamp le 2026-03-31T22:02:14",
        "eventTimestamp ge 2026-03-31T22:02:13.876954+00:00",
        "eventTimestamp ge '2026-03-31T22:02:13.8769540Z' and eventTimestamp le '2026-04-01'",
        "EVENTTIMESTAMP GE 2026-03-31T22:00:00Z AND resourceGroupName EQ 'SHOP'",
        "resourceId eq '\(ResourceID.group("shop"))/PROVIDERS/\(ResourceID.serverType)/orders'",
        "resourceUri eq '\(ResourceID.group("Shop"))'",
        "resourceProvider eq 'microsoft.dbforpostgresql' and correlationId eq 'C-1'",
        "caller eq 'o''brien' and status eq 'succeeded'", "caller eq 'o'brien' and status eq 'succeeded'",
        "  status   eq\t'Succeeded'  ", "",
    ])
    func `finds an event by what az asks for`(text: String) throws {
        #expect(try ActivityLogFilter(text).matches(event()), "\(text)")
    }

    @Test(arguments: [
        "eventTimestamp ge 2026-03-31T22:02:13.876955Z", "eventTimestamp le 2026-03-31T22:02:13.8769539Z",
        "resourceGroupName eq 'Sho'", "resourceProvider eq 'Microsoft.DBforPostgre'",
        "resourceId eq '\(ResourceID.group("Sho"))'", "caller eq 'obrien'", "status eq 'Failed'",
        "correlationId eq ''",
    ])
    func `leaves out an event that is not asked for`(text: String) throws {
        #expect(!(try ActivityLogFilter(text).matches(event())), "\(text)")
    }

    @Test(arguments: [
        ("eventName eq 'x'", "eventName eq"), ("status ne 'x'", "status ne"),
        ("eventTimestamp gt 2026-03-31T22:02:13Z", "eventTimestamp gt"),
        ("eventTimestamp ge yesterday", "'yesterday' is no time"), ("status eq", "not complete"),
        ("status eq 'x", "not closed"),
        ("status eq 'a' and Status EQ 'b'", "twice"), ("status eq 'a' or status eq 'b'", "'and'"),
        ("status eq 'a' and", "not complete"), ("(status eq 'a'", "(status eq"),
        ("status eq 'a' 'b'", "'and'"), ("'status' eq 'a'", "not complete"),
        (String(repeating: "a", count: 5000), "too long"),
    ])
    func `says which term it does not understand`(text: String, part: String) throws {
        let problem = try #require(throws: Problem.self) { try ActivityLogFilter(text) }
        #expect(problem.code == .badRequest && problem.code.httpStatus == 400)
        #expect(problem.detail?.contains(part) == true, "\(problem)")
    }

    @Test func `reads any value back from between quotes`() throws {
        var random = SeededRandom()
        let letters = Array("ab '\"\\%é\t()and eq")
        for _ in 0..<1000 {
            let value = String(
                (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in
                    letters.randomElement(using: &random)
                })
            let text = "caller eq '\(value.replacing("'", with: "''"))' and status eq 'x'"
            let filter = try ActivityLogFilter(text)
            #expect(filter.caller == value && filter.status == "x", "seed \(random.seed): \(text)")
        }
    }

    @Test func `comes through any text with a filter or a refusal`() {
        var random = SeededRandom()
        let words = ["eventTimestamp", "ge", "eq", "and", "'", "''", "caller", "2026-03-31", " ", "é", "("]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...9, using: &random)).compactMap { _ in
                words.randomElement(using: &random)
            }.joined(separator: Bool.random(using: &random) ? " " : "")
            do {
                _ = try ActivityLogFilter(text)
            } catch {
                #expect(error.code == .badRequest, "seed \(random.seed): \(text)")
            }
        }
    }

    @Test func `keeps the fields that were selected`() throws {
        func keys(_ select: String?) throws -> Set<String> {
            let data = try JSONEncoder().encode(WireEvent(event(), try WireEvent.Selection(select)))
            return Set(try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any]).keys)
        }
        #expect(try keys("eventTimestamp , OperationName") == ["eventTimestamp", "operationName"])
        let all = try keys(nil)
        #expect(all.isSuperset(of: ["caller", "status", "resourceId", "properties", "authorization"]))
        #expect(!all.contains("resourceGroup"))
        for text in ["", "zork", "caller,,status"] {
            let problem = try #require(throws: Problem.self) { try WireEvent.Selection(text) }
            #expect(problem.code == .badRequest)
        }
    }

    @Test func `tells whose operation an event is about`() throws {
        var other = event()
        other.operationName = "Microsoft.Resources/subscriptions/resourceGroups/delete"
        let wire = WireEvent(other, try WireEvent.Selection(nil))
        #expect(try field("resourceProviderName.value", of: wire) as? String == "Microsoft.Resources")
        #expect(!(try ActivityLogFilter("resourceProvider eq 'Microsoft.DBforPostgreSQL'").matches(other)))
    }

    @Test(arguments: [
        ("resourceGroup eq 'LOCAL'", true), ("resourceGroup eq 'x'", false),
        ("resourceType eq 'microsoft.dbforpostgresql/flexibleservers'", true),
        ("resourceType eq 'Microsoft.Compute/virtualMachines'", false), ("name eq 'orders'", true),
        ("location eq 'Local'", true), ("tagname eq 'Owner'", true), ("tagName eq 'none'", false),
        ("tagname eq 'owner' and tagvalue eq 'ops'", true), ("tagvalue eq 'Ops'", false),
    ])
    func `finds a server in the list of resources`(text: String, isThere: Bool) throws {
        #expect(try ResourceFilter(text).matches(.full) == isThere)
    }

    @Test func `finds a group by its tag`() throws {
        let group = GroupDetails(name: "rg", location: "local", tags: ["env": "test"])
        #expect(try ResourceFilter("tagName eq 'env' and tagValue eq 'test'").matches(group))
        #expect(try ResourceFilter(nil).matches(group))
        #expect(throws: Problem.self) { try ResourceFilter("startswith(tagname, 'a')") }
    }
}
