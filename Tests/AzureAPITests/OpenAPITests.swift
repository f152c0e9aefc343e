import Testing
import TestValues

@testable import AzureAPI

/// docs/openapi.yaml tells of the paths that are read, and of no others.
struct OpenAPITests {
    /// The kind of what a path names, whatever the names in it.
    private static func kind(_ path: ResourcePath) -> String {
        func label(_ value: Any) -> String {
            Mirror(reflecting: value).children.first?.label ?? "\(value)"
        }
        return switch path.resource {
        case .server(_, _, .absent(let part, let name)): "server.\(part.rawValue)\(name == nil ? "s" : "")"
        case .server(_, _, .absentAction(let action)): "server.\(action.rawValue)"
        case .server(_, _, .belowAbsent(let child, _)): "server.below.\(child.rawValue)"
        case .server(_, _, let part): "server.\(label(part))"
        case .servers(let group): "servers of \(group == nil ? "all" : "a group")"
        case .resources(let group): "resources of \(group == nil ? "all" : "a group")"
        case .checkNameAvailability(let location): "name check \(location == nil ? "here" : "there")"
        case let resource: label(resource)
        }
    }

    @Test func `describes nothing that is not read, spelled as it is written`() throws {
        let paths = try OpenAPIDescription().paths.keys.filter { !OpenAPIDescription.isBeside($0) }
        #expect(paths.count > 30)
        for path in paths {
            let text = OpenAPIDescription.filled(path)
            #expect(ResourcePath.parse(text)?.text == text, "\(path)")
        }
    }

    @Test func `describes every kind of path that is read`() throws {
        let described = try OpenAPIDescription().paths.keys.map(OpenAPIDescription.filled)
            .compactMap(ResourcePath.parse)
        let kinds = Set(described.map(Self.kind))
        #expect(kinds.count == described.count, "each once")
        #expect(kinds == Set(ResourcePathTests.samples.map { Self.kind($0.1) }))
    }
}
