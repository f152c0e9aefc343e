import AzureAPI
import Platform
import TestKit
import Testing
import TestValues

@testable import Server

/// docs/openapi.yaml tells of the methods that are answered, and of no others.
struct OpenAPICallTests {
    @Test(arguments: ["get", "put", "patch", "post", "delete"])
    func `describes a method where it is answered, and nowhere else`(method: String) throws {
        let paths = try OpenAPIDescription().paths.filter { !OpenAPIDescription.isBeside($0.key) }
        #expect(paths.count > 30)
        for (text, methods) in paths {
            let path = try #require(ResourcePath.parse(OpenAPIDescription.filled(text)), "\(text)")
            do {
                _ = try APICall(method.uppercased(), path)
                #expect(methods.contains(method), "\(method) \(text) is answered, and not described")
            } catch {
                #expect(error.code == .methodNotAllowed)
                #expect(!methods.contains(method), "\(method) \(text) is described, and not answered")
            }
        }
    }
}
