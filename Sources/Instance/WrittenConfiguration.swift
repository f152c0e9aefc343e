/// What a server's configuration files say of it, as this tool once wrote them.
public struct WrittenConfiguration: Sendable, Hashable {
    public var serverName: String?
    public var listenAddress: IPv4Address?
    public var port: UInt16?
    public var rules: [HostBasedAccess.Rule]
    /// What the user set, by name.
    public var parameters: [String: String]

    /// Reads what there is; lines that this tool did not write like that are passed over.
    public init(_ paths: InstancePaths) {
        let settings = Self.settings(TextFile.read(paths.settingsFile) ?? "")
        serverName = settings["cluster_name"]
        listenAddress = settings["listen_addresses"].flatMap { IPv4Address($0) }
        port = settings["port"].flatMap { UInt16($0) }
        parameters = Self.settings(TextFile.read(paths.userSettingsFile) ?? "")
        rules = (TextFile.read(paths.accessFile) ?? "").split(separator: "\n").compactMap(Self.rule)
    }

    /// The command that archives, in a text of settings.
    public static func archiveCommand(in text: String) -> String? { settings(text)["archive_command"] }

    /// Lines of the form `name = 'value'`.
    static func settings(_ text: String) -> [String: String] {
        var found: [String: String] = [:]
        // Once: a pattern is put together anew wherever it stands.
        let setting = /([a-z_.A-Z0-9]+) = '(.*)'/
        for line in text.split(separator: "\n") where line.hasSuffix("'") {
            guard let match = line.wholeMatch(of: setting) else { continue }
            found[String(match.1)] = unquoted(match.2)
        }
        return found
    }

    /// The opposite of `SettingsText.quoted`.
    private static func unquoted(_ text: Substring) -> String {
        var plain = ""
        var characters = text.makeIterator()
        while let character = characters.next() {
            guard character == "'" || character == "\\" else {
                plain.append(character)
                continue
            }
            switch characters.next() {
            case "n" where character == "\\": plain.append("\n")
            case "r" where character == "\\": plain.append("\r")
            case let other?: plain.append(other)
            case nil: break
            }
        }
        return plain
    }

    /// The comment above a rule's entries: `# name: first - last`.
    private static func rule(_ line: Substring) -> HostBasedAccess.Rule? {
        guard line.hasPrefix("# "),
            let match = line.wholeMatch(of: /# ([-_a-zA-Z0-9]+): ([0-9.]+) - ([0-9.]+)/),
            let start = IPv4Address(String(match.2)), let end = IPv4Address(String(match.3))
        else { return nil }
        return HostBasedAccess.Rule(name: String(match.1), start: start, end: end)
    }
}
