import Portal

/// The variables that turn az towards this machine, and back.
public struct AzureEnvironment: Sendable {
    /// The bundle's name in the configuration directory.
    public static let bundle = "ca-bundle.pem"
    private static let marker = "PITR_AZURE_ENV"
    private static let savedPrefix = "PITR_SAVED_"
    /// What would lead az elsewhere.
    private static let inTheWay = ["ARM_CLOUD_METADATA_URL", "AZURE_CLOUD_NAME"]
    private static let set = [
        "AZURE_CONFIG_DIR", "REQUESTS_CA_BUNDLE", "NO_PROXY", "no_proxy", "AZURE_CORE_COLLECT_TELEMETRY",
    ]

    /// The environment of whoever asks.
    private let current: [String: String]

    public init(_ current: [String: String]) {
        self.current = current
    }

    /// Whether the environment has been turned already: what is set is ours, and what is saved stays.
    private var isTurned: Bool { current[Self.marker] != nil }

    /// What a variable was before; nil where it was not set.
    private func before(_ name: String) -> String? {
        isTurned ? current[Self.savedPrefix + name] : current[name]
    }

    /// The bundle that the user's programs go by; the new one begins with it.
    public var usualBundle: String? { before("REQUESTS_CA_BUNDLE") ?? before("SSL_CERT_FILE") }

    /// What to set, by name.
    public func variables(directory: String) -> [(name: String, value: String)] {
        func proxies(_ name: String) -> String {
            let others = (before(name) ?? "").split(separator: ",").map(String.init)
            let here = ["127.0.0.1", "localhost"]
            return (others.filter { !here.contains($0) } + here).joined(separator: ",")
        }
        return [
            ("AZURE_CONFIG_DIR", directory), ("REQUESTS_CA_BUNDLE", directory + "/" + Self.bundle),
            ("NO_PROXY", proxies("NO_PROXY")), ("no_proxy", proxies("no_proxy")),
            ("AZURE_CORE_COLLECT_TELEMETRY", "false"),
        ]
    }

    /// Lines for a shell's `eval` that turn az towards this machine and keep what was set before.
    public func script(directory: String) -> String {
        var lines: [String] = []
        if !isTurned {
            for name in Self.set + Self.inTheWay {
                if let value = current[name] { lines.append(Self.export(Self.savedPrefix + name, value)) }
            }
            for name in Self.inTheWay where current[name] != nil { lines.append("unset \(name)") }
        }
        lines += variables(directory: directory).map { Self.export($0.name, $0.value) }
        lines.append(Self.export(Self.marker, "1"))
        return lines.joined(separator: "\n") + "\n"
    }

    /// Lines for a shell's `eval` that put everything back.
    public func undo() -> String {
        guard isTurned else { return "" }
        var lines: [String] = []
        for name in Self.set + Self.inTheWay {
            let saved = Self.savedPrefix + name
            if let value = current[saved] {
                lines += [Self.export(name, value), "unset \(saved)"]
            } else if current[name] != nil {
                lines.append("unset \(name)")
            }
        }
        lines.append("unset \(Self.marker)")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func export(_ name: String, _ value: String) -> String {
        "export \(name)=\(Shell.quoted(value))"
    }
}
