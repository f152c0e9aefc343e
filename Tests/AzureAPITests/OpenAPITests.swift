import Foundation
import Testing

@testable import AzureAPI

/// docs/openapi.yaml tells of the paths that are read, and of no others.
struct OpenAPITests {
    /// Path by path, its methods.
    private static func described() throws -> [String: Set<String>] {
        let file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/openapi.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        var paths: [String: Set<String>] = [:]
        var current: String?
        for line in text.split(separator: "\n") {
            if let path = line.wholeMatch(of: #/  (?<path>\/\S*):/#) {
                current = String(path.output.path)
                paths[String(path.output.path)] = []
            } else if line == "components:" {
                current = nil
            } else if let current, let method = line.wholeMatch(of: #/    (?<method>[a-z]+):/#) {
                guard method.output.method != "parameters" else { continue }
                paths[current]?.insert(String(method.output.method))
            }
        }
        return paths
    }

    /// What is there beside Azure Resource Manager: signing in, and whether the daemon is well.
    private static let beside: Set = ["/health", "/metadata/endpoints"]

    private static func isBeside(_ path: String) -> Bool {
        beside.contains(path) || path.hasPrefix("/adfs/")
    }

    /// The path with its names replaced by one that is allowed everywhere.
    private static func filled(_ path: String) -> String {
        path.replacing(/\{[A-Za-z]+\}/, with: "a1")
    }

    /// The kind of what a path names, whatever the names in it.
    private static func kind(_ path: ResourcePath) -> String {
        func label(_ value: Any) -> String {
            Mirror(reflecting: value).children.first?.label ?? "\(value)"
        }
        return switch path.resource {
        case .server(_, _, let part): "server.\(label(part))"
        case .servers(let group): "servers of \(group == nil ? "all" : "a group")"
        case .resources(let group): "resources of \(group == nil ? "all" : "a group")"
        case .checkNameAvailability(let location): "name check \(location == nil ? "here" : "there")"
        case let resource: label(resource)
        }
    }

    @Test func `describes nothing that is not read, spelled as it is written`() throws {
        let paths = try Self.described().keys.filter { !Self.isBeside($0) }
        #expect(paths.count > 30)
        for path in paths {
            let text = Self.filled(path)
            #expect(ResourcePath.parse(text)?.text == text, "\(path)")
        }
    }

    @Test func `describes every kind of path that is read`() throws {
        let described = try Self.described().keys.compactMap { ResourcePath.parse(Self.filled($0)) }
        let kinds = Set(described.map(Self.kind))
        #expect(kinds.count == described.count, "each once")
        #expect(kinds == Set(ResourcePathTests.samples.map { Self.kind($0.1) }))
    }

    @Test func `has a method for every path, and only such as change what can be changed`() throws {
        for (path, methods) in try Self.described() {
            #expect(!methods.isEmpty, "\(path)")
            #expect(methods.isSubset(of: ["get", "head", "put", "patch", "post", "delete"]), "\(path)")
            guard let found = ResourcePath.parse(Self.filled(path)) else { continue }
            switch found.resource {
            case .server(_, _, .start), .server(_, _, .stop), .server(_, _, .restart),
                .checkNameAvailability:
                #expect(methods == ["post"], "\(path)")
            case .server(_, _, .itself), .group:
                #expect(methods.isSuperset(of: ["get", "put", "patch", "delete"]), "\(path)")
            case .server(_, _, .configuration): #expect(methods == ["get", "put", "patch"], "\(path)")
            case .server(_, _, .backup), .server(_, _, .database), .server(_, _, .firewallRule):
                #expect(methods == ["get", "put", "delete"], "\(path)")
            default: #expect(methods == ["get"], "\(path)")
            }
        }
    }
}
