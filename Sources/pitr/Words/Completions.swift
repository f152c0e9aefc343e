import ArgumentParser
import ControlPlane
import Foundation
import Glibc
import Platform

/// What a shell offers behind an option: names that are there. Silent where something is wrong, since the
/// shell would print it into the line that is being typed.
enum Completions {
    static var servers: CompletionKind { kind { line in line.names?.servers(in: line.group) ?? [] } }
    static var deletedServers: CompletionKind {
        kind { line in line.names?.servers(in: line.group, deleted: true) ?? [] }
    }
    static var groups: CompletionKind { kind { line in line.names?.groups ?? [] } }
    static var backups: CompletionKind {
        kind { line in
            guard let server = line.server else { return [] }
            return line.names?.backups(of: server, in: line.group) ?? []
        }
    }
    static var databases: CompletionKind {
        kind { line in
            guard let server = line.server ?? line.name else { return [] }
            return line.names?.databases(of: server, in: line.group) ?? []
        }
    }
    static var firewallRules: CompletionKind {
        kind { line in
            guard let server = line.server else { return [] }
            return line.names?.firewallRules(of: server, in: line.group) ?? []
        }
    }
    static var restorePoints: CompletionKind {
        kind { line in
            guard let server = line.server else { return [] }
            return line.names?.restorePoints(of: server, in: line.group) ?? []
        }
    }
    static var evidence: CompletionKind { kind { line in line.names?.evidence(in: line.group) ?? [] } }
    static var drills: CompletionKind { kind { line in line.names?.drills ?? [] } }
    static var results: CompletionKind { kind { line in line.names?.results ?? [] } }
    static var parameters: CompletionKind { kind { _ in KnownNames.parameters() } }

    private static func kind(_ names: @escaping @Sendable (TypedLine) -> [String]) -> CompletionKind {
        .custom { words, _, prefix in
            // Names that need quotes are left to whoever types: a shell would take them for several words.
            names(TypedLine(words: words)).filter { name in
                name.hasPrefix(prefix)
                    && name.allSatisfy { $0.isLetter || $0.isNumber || "-_.:".contains($0) }
            }
        }
    }
}

/// A command line that is being typed, as far as names depend on it.
struct TypedLine {
    let words: [String]

    var group: String { value(of: ["-g", "--resource-group"]) ?? GroupOption.standard }
    /// Of commands that are about one server.
    var name: String? { value(of: ["-n", "--name"]) }
    var server: String? { value(of: ["-s", "--server-name", "--source-server"]) }

    var names: KnownNames? {
        let home =
            value(of: ["--home"])
            ?? (try? StateHome.standard(
                environment: ProcessInfo.processInfo.environment, isRoot: geteuid() == 0))
        return home.map(KnownNames.init(home:))
    }

    /// The word behind the last of these options, or behind its equals sign.
    func value(of options: [String]) -> String? {
        for (place, word) in words.enumerated().reversed() {
            if options.contains(word), place + 1 < words.count {
                let value = words[place + 1]
                // bash makes words of their own of what an equals sign parts.
                let isParted = value == "=" && place + 2 < words.count
                return isParted ? words[place + 2] : value
            }
            for option in options where word.hasPrefix(option + "=") {
                return String(word.dropFirst(option.count + 1))
            }
        }
        return nil
    }
}
