import Foundation

/// The paths and methods of docs/openapi.yaml, read line by line.
public struct OpenAPIDescription {
    /// Path by path, as it is written there, the methods in lower case.
    public let paths: [String: Set<String>]

    public init() throws {
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
            } else if let current, let method = line.wholeMatch(of: #/    (?<method>[a-z]+):/#),
                method.output.method != "parameters"
            {
                paths[current]?.insert(String(method.output.method))
            }
        }
        self.paths = paths
    }

    /// Whether it is no part of Azure Resource Manager: signing in, and whether the daemon is well.
    public static func isBeside(_ path: String) -> Bool {
        path == "/health" || path == "/metadata/endpoints" || path.hasPrefix("/adfs/")
    }

    /// The path with its names replaced by one that is allowed everywhere.
    public static func filled(_ path: String) -> String {
        path.replacing(/\{[A-Za-z]+\}/, with: "a1")
    }
}
