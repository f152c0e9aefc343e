import ControlPlane
import Platform
import Testing

struct RegionTests {
    @Test(arguments: ["eastus", "East US", "EASTUS", " east us ", "EastUS"])
    func `finds a region without regard to case and blanks`(text: String) throws {
        let region = try #require(Region.find(text))
        #expect(region.name == "eastus" && region.displayName == "East US")
        #expect(region.paired?.name == "westus")
    }

    @Test func `knows this machine as a region with a pair of its own`() {
        #expect(Region.find("Local")?.paired?.name == "local-pair")
        #expect(Region.find("local-pair")?.paired?.name == "local")
        #expect(Region.all.first?.name == "local")
    }

    @Test func `has every name once, and pairs only with regions that there are`() {
        #expect(Set(Region.all.map(\.name)).count == Region.all.count)
        for region in Region.all {
            #expect(region.name == region.displayName.lowercased().filter { $0 != " " })
            #expect(region.pairedName == nil || region.paired != nil, "\(region.name)")
            #expect(region.paired != region)
        }
    }

    @Test(arguments: ["", "atlantis", "east-us", "eastus;", "lócal"])
    func `refuses a place that is none, in Azure's words`(text: String) throws {
        #expect(Region.find(text) == nil)
        let problem = try #require(throws: Problem.self) { try Region.resolve(text) }
        #expect(problem.code == .locationNotAvailable)
        #expect(problem.message.contains("'\(text)' is not available for resource type"))
    }
}
