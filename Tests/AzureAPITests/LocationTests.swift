import AzureAPI
import Platform
import ServiceModel
import Testing

struct LocationTests {
    @Test(arguments: ["eastus", "East US", "EASTUS", " east us ", "EastUS"])
    func `finds a location without regard to case and blanks`(text: String) throws {
        let location = try AzureLocation.resolve(text)
        #expect(location.name == "eastus" && location.displayName == "East US")
        #expect(location.pair == "westus")
    }

    @Test func `knows this machine as a location with a pair of its own`() {
        #expect(AzureLocation.find("Local")?.pair == "local-pair")
        #expect(AzureLocation.find("local-pair")?.pair == "local")
        #expect(AzureLocation.find("Local Pair")?.name == "local-pair", "as list-locations shows it")
        #expect(AzureLocation.all.first?.name == "local")
    }

    @Test func `has every name once, and pairs only with locations that there are`() {
        #expect(Set(AzureLocation.all.map(\.name)).count == AzureLocation.all.count)
        for location in AzureLocation.all {
            #expect(AzureLocation.find(location.name) == location)
            #expect(AzureLocation.find(location.displayName) == location)
            #expect(location.pair.map { AzureLocation.find($0) != nil } ?? true, "\(location.name)")
            #expect(location.pair != location.name)
        }
    }

    @Test(arguments: ["", "atlantis", "east-us", "eastus;", "lócal"])
    func `refuses a place that is none, in Azure's words`(text: String) throws {
        #expect(AzureLocation.find(text) == nil)
        let problem = try #require(throws: Problem.self) { try AzureLocation.resolve(text) }
        #expect(problem.code == .locationNotAvailable)
        #expect(problem.message.contains("'\(text)' is not available for resource type"))
    }
}
