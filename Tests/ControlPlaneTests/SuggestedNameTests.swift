import Platform
import Testing

@testable import ControlPlane

@Suite struct SuggestedNameTests {
    @Test func `a name that is made up is a server's name, and another one`() throws {
        for length in 3...63 {
            for server in [
                "a" + String(repeating: "x", count: length - 2) + "z",
                "a" + String(repeating: "-", count: length - 2) + "z",
                String(("a" + String(repeating: "x", count: 55) + "-before").prefix(length - 1)) + "e",
            ] {
                let name = SuggestedName.before(on: server)
                try ControlPlane.validate(serverName: name)
                #expect(name != server)
            }
        }
        #expect(SuggestedName.before(on: "orders") == "orders-before")
    }
}
