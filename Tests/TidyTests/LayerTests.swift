import Foundation
import Testing

/// Which part of the house may use which: arrows only downwards.
struct LayerTests {
    /// What each target may import of the package's own; the picture of docs/ARCHITECTURE.md as a table.
    static let allowed: [String: Set<String>] = {
        let ground: Set = ["CSupport", "Notation", "PostgresFormat"]
        let files = ground.union(["CZstd", "Platform"])
        let flow = files.union(["Planning", "WALEvents", "Repository", "PostgresClient"])
        return [
            "Notation": [],
            "PostgresFormat": ["CSupport", "Notation"],
            "Platform": ground.union(["CZstd"]),
            "PostgresClient": ["CLibPQ", "PostgresFormat", "Platform"],
            "WALEvents": ["Notation", "PostgresFormat"],
            "Planning": ["PostgresFormat"],
            "Repository": files.union(["Planning", "WALEvents"]),
            "Instance": ["Platform", "PostgresFormat", "PostgresClient"],
            "Capture": flow,
            "Holdings": flow,
            "Restore": flow.union(["Holdings", "Instance"]),
            "ServiceModel": ["Notation", "Planning", "Platform", "PostgresFormat", "WALEvents"],
            "Repair": [
                "Notation", "ServiceModel", "PostgresClient", "Platform", "PostgresFormat", "WALEvents",
            ],
            "Catalog": ["Platform", "PostgresFormat", "ServiceModel"],
            "ControlPlane": flow.union([
                "Catalog", "Capture", "Holdings", "Restore", "Repair", "Instance", "ServiceModel",
            ]),
            "AzureAPI": ["Notation", "ServiceModel", "WALEvents", "Planning", "Platform", "PostgresFormat"],
            "Portal": ["Notation"],
            "Server": [
                "AzureAPI", "ControlPlane", "Notation", "Planning", "Platform", "Portal", "PostgresFormat",
                "ServiceModel", "WALEvents",
            ],
            "pitr": [
                "AzureAPI", "ControlPlane", "Notation", "Planning", "Platform", "PostgresClient",
                "PostgresFormat", "Repair", "Server", "ServiceModel", "WALEvents",
            ],
            "pitr-wal": ["CZlib", "Repository", "WALEvents", "Planning", "Platform", "PostgresFormat"],
            "wal-fuzz": ["PostgresFormat", "TestKit", "TestValues"],
            "ServiceSamples": ["PostgresFormat", "ServiceModel"],
            "TestKit": ["Notation", "Platform", "PostgresClient", "PostgresFormat", "TestValues"],
            "TestValues": [],
        ]
    }()

    /// What may come from outside, and for whom.
    static let outside: [String: Set<String>] = [
        "ArgumentParser": ["pitr"], "Yams": ["pitr"], "GRDB": ["Catalog", "ControlPlane"],
        "Hummingbird": ["Server"], "HummingbirdCore": ["Server"], "HummingbirdTLS": ["Server"],
        "ServiceLifecycle": ["Server"],
        "Logging": ["Server"], "NIOCore": ["Server"], "NIOPosix": ["Server"], "HTTPTypes": ["Server"],
    ]

    static let system: Set = [
        "Foundation", "FoundationEssentials", "Glibc", "Musl", "Synchronization", "Testing", "RegexBuilder",
    ]

    static func imports(_ file: SourceText) -> [String] {
        file.code.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let index = words.firstIndex(of: "import"), index <= 2, index + 1 < words.count,
                words[..<index].allSatisfy({ $0.hasPrefix("@") || $0 == "public" || $0 == "internal" })
            else { return nil }
            let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let named = kinds.contains(words[index + 1]) && index + 2 < words.count
            return words[index + (named ? 2 : 1)].components(separatedBy: ".")[0]
        }
    }

    static func violations(_ file: SourceText) -> [String] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        guard let mine = allowed[file.target] else {
            return file.target.hasPrefix("C")
                ? [] : ["\(file.path): the target '\(file.target)' is not in the table of layers"]
        }
        return imports(file).filter { name in
            !system.contains(name) && !mine.contains(name) && outside[name]?.contains(file.target) != true
        }.map { "\(file.path): \(file.target) may not use \($0) — the arrows of the house go downwards" }
    }

    @Test func `lets every part use only what lies below it`() throws {
        let found = try SourceText.all().flatMap(Self.violations)
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test(arguments: [
        ("Sources/Capture/A.swift", "import Restore"), ("Sources/Restore/A.swift", "public import Capture"),
        ("Sources/Planning/A.swift", "import Platform"), ("Sources/Repository/A.swift", "import Catalog"),
        ("Sources/Catalog/A.swift", "@testable import ControlPlane"),
        ("Sources/AzureAPI/A.swift", "import struct GRDB.Column"),
        ("Sources/Platform/A.swift", "import NIOCore"), ("Sources/Server/A.swift", "import Catalog"),
    ])
    func `finds an arrow that goes upwards`(_ path: String, _ line: String) {
        #expect(Self.violations(SourceText(path: path, line)).count == 1)
    }

    @Test func `has no circle in the table`() {
        func reaches(_ from: String, _ to: String, _ seen: Set<String> = []) -> Bool {
            (Self.allowed[from] ?? []).contains { next in
                next == to || !seen.contains(next) && reaches(next, to, seen.union([next]))
            }
        }
        for target in Self.allowed.keys { #expect(!reaches(target, target), "\(target)") }
        #expect(!reaches("Capture", "Restore") && !reaches("Restore", "Capture"))
    }

    /// What stands on SQLite or libpq.
    private static let heavy: Set = [
        "CLibPQ", "PostgresClient", "Catalog", "ControlPlane", "Repair", "TestKit",
    ]

    /// All that some targets stand on, themselves included.
    private static func reached(from targets: Set<String>) -> Set<String> {
        var reached = targets
        while true {
            let next = reached.union(reached.flatMap { allowed[$0] ?? [] })
            if next == reached { return reached }
            reached = next
        }
    }

    /// What prints and reads Azure's words is tested without a database of any kind.
    @Test func `keeps AzureAPI and what it stands on free of SQLite and libpq`() {
        let reached = Self.reached(from: ["AzureAPI"])
        #expect(reached.contains("ServiceModel") && reached.contains("PostgresFormat"))
        #expect(reached.isDisjoint(with: Self.heavy))
        #expect(Self.outside["GRDB"]?.isDisjoint(with: reached) == true)
    }

    /// So do the tests of what prints and reads them.
    @Test func `tests of values need neither SQLite nor libpq`() throws {
        let package = try #require(SourceText.all().first { $0.path == "Package.swift" })
        let found = package.lines.joined(separator: " ")
            .matches(of: #/testsOfValues\(\s*"(?<name>\w+)",\s*\[(?<list>[^\]]*)\]\)/#)
        #expect(found.contains { $0.output.name == "AzureAPI" })
        for match in found {
            let declared = match.output.list.split(separator: ",").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " \""))
            }.filter { !$0.isEmpty }
            #expect(declared.allSatisfy { Self.allowed[$0] != nil }, "\(match.output.name)")
            let reached = Self.reached(from: Set(declared))
            #expect(reached.isDisjoint(with: Self.heavy), "\(match.output.name)")
        }
    }

    @Test func `declares in the package no more than the table allows`() throws {
        let package = try #require(SourceText.all().first { $0.path == "Package.swift" })
        let text = package.lines.joined(separator: " ")
        let pattern = #"module\(\s*"(\w+)",\s*\[([^\]]*)\]\)"#
        let expression = try NSRegularExpression(pattern: pattern)
        let whole = NSRange(text.startIndex..., in: text)
        let found = expression.matches(in: text, range: whole)
        #expect(found.count >= 10)
        for match in found {
            guard let name = Range(match.range(at: 1), in: text),
                let list = Range(match.range(at: 2), in: text)
            else { continue }
            let declared = text[list].split(separator: ",").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " \""))
            }.filter { $0.first?.isUppercase == true }
            let allowed = Self.allowed[String(text[name])] ?? []
            #expect(Set(declared).subtracting(allowed).isEmpty, "\(text[name]): \(declared)")
        }
    }
}
