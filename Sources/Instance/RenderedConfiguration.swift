public import Platform
public import PostgresClient
import PostgresFormat

/// A server's configuration as it should be: to be written, and to be compared with what is there.
///
/// Beside the files lies what they were rendered from, as settings of their own (`pitr.access`, …). A session
/// shows the values that the server has loaded; so it can be told whether it has read a file since it was
/// written, without asking any clock.
public struct RenderedConfiguration: Sendable, Hashable {
    /// In the order in which they are written.
    public enum Part: String, Sendable, Hashable, CaseIterable {
        case access, ident, parameters, settings
        /// Server certificate and key: made, not rendered, from names, addresses and the authority.
        case certificate

        /// The setting that tells what the part was rendered from.
        var mark: String { "pitr.\(rawValue)" }

        /// The file's name, for people.
        public var fileName: String {
            switch self {
            case .access: "pg_hba.conf"
            case .ident: "pg_ident.conf"
            case .parameters: "user.conf"
            case .settings: "postgresql.conf"
            case .certificate: "server.crt"
            }
        }
    }

    /// The parts that this is about. That of the certificate is what it is made from.
    public private(set) var texts: [Part: String]

    /// - Parameters:
    ///   - settings: the text of `postgresql.conf`, see `ServerSettings`.
    ///   - certificate: all that a certificate depends on.
    public init(
        access: HostBasedAccess? = nil, parameters: [String: String]? = nil, settings: String? = nil,
        certificate: String? = nil
    ) {
        texts = [:]
        texts[.access] = access?.renderAccess()
        texts[.ident] = access?.renderIdent()
        texts[.parameters] = parameters.map(Self.text)
        texts[.settings] = settings
        texts[.certificate] = certificate
    }

    private static func text(_ parameters: [String: String]) -> String {
        var text = "# Server parameters set by the user. Written by pitr.\n"
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            text += SettingsText.line(name, value) + "\n"
        }
        return text
    }

    /// The value of a part's mark; nil where a file is missing that it depends on.
    func mark(_ part: Part, _ paths: InstancePaths) -> String? {
        guard let text = texts[part] else { return nil }
        guard part == .certificate else { return Self.digest(text) }
        // Key and certificate are two files: the mark says that they belong together.
        guard let key = TextFile.read(paths.keyFile),
            let certificate = TextFile.read(paths.certificateFile)
        else { return nil }
        return Self.digest([text, key, certificate].joined(separator: "\n"))
    }

    private static func digest(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return "\(String(CRC32C.checksum(bytes), radix: 16))-\(bytes.count)"
    }
}

extension InstancePaths {
    /// What the other files were rendered from.
    public var marksFile: String { conf + "/rendered.conf" }

    func file(_ part: RenderedConfiguration.Part) -> String {
        switch part {
        case .access: accessFile
        case .ident: identFile
        case .parameters: userSettingsFile
        case .settings: settingsFile
        case .certificate: certificateFile
        }
    }

    /// Whether the server's settings include the marks: those that an older version wrote do not.
    public var includesMarks: Bool {
        TextFile.read(settingsFile)?.contains("\n\(ServerSettings.include(marksFile))\n") == true
    }

    fileprivate var marks: [String: String] {
        WrittenConfiguration.settings(TextFile.read(marksFile) ?? "")
    }
}

extension PostgresInstance {
    /// Writes the files that differ, each as a whole and with mode 0600, and then what they were rendered
    /// from; `load` puts them in force.
    public func write(_ rendered: RenderedConfiguration) throws(Problem) {
        for part in RenderedConfiguration.Part.allCases where part != .certificate {
            guard let text = rendered.texts[part] else { continue }
            if TextFile.read(paths.file(part)) != text { try TextFile.replace(paths.file(part), with: text) }
        }
        try writeMarks(rendered, durable: true)
    }

    /// Writes the configuration of a server that nobody is to start yet: the settings wait under another name
    /// until `adoptConfiguration`. Left to a later flush of the file system.
    public func prepare(_ rendered: RenderedConfiguration) throws(Problem) {
        for part in RenderedConfiguration.Part.allCases where part != .certificate {
            guard let text = rendered.texts[part] else { continue }
            let path = part == .settings ? paths.preparedSettingsFile : paths.file(part)
            try TextFile.replace(path, with: text, durable: false)
        }
        try writeMarks(rendered, durable: false)
    }

    private func writeMarks(_ rendered: RenderedConfiguration, durable: Bool) throws(Problem) {
        let before = paths.marks
        var marks = before
        for part in rendered.texts.keys { marks[part.mark] = rendered.mark(part, paths) }
        guard marks != before else { return }
        var text = "# What the files beside this one were rendered from. Written by pitr.\n"
        for (name, value) in marks.sorted(by: { $0.key < $1.key }) {
            text += SettingsText.line(name, value) + "\n"
        }
        try TextFile.replace(paths.marksFile, with: text, durable: durable)
    }

    /// The parts whose files, or what these were rendered from, are not as they should be.
    public func differing(from rendered: RenderedConfiguration) -> [RenderedConfiguration.Part] {
        let marks = paths.marks
        return RenderedConfiguration.Part.allCases.filter { part in
            guard let text = rendered.texts[part] else { return false }
            guard let mark = rendered.mark(part, paths), marks[part.mark] == mark else { return true }
            return part != .certificate && TextFile.read(paths.file(part)) != text
        }
    }

    /// The parts that the running server has not loaded as they should be.
    ///
    /// - Parameter connection: one to this server; nil makes one.
    public func notLoaded(
        of rendered: RenderedConfiguration, on connection: Connection? = nil
    ) throws(Problem) -> [RenderedConfiguration.Part] {
        let parts = RenderedConfiguration.Part.allCases.filter { rendered.texts[$0] != nil }
        let columns = parts.map {
            "pg_catalog.current_setting('\($0.mark)', true) AS \($0.rawValue)"
        }
        let loaded = try session(connection).query("SELECT " + columns.joined(separator: ", "))
        return parts.filter { loaded[0, $0.rawValue] != rendered.mark($0, paths) }
    }

    /// Has the running server read what was written, and returns when it has.
    ///
    /// Throws `.invalidParameterValue` when the access file was not accepted; the server then keeps the old
    /// rules.
    public func load(_ rendered: RenderedConfiguration) throws(Problem) {
        try reload()
        let clock = Stopwatch()
        while true {
            let missing = try notLoaded(of: rendered)
            if missing.isEmpty { return }
            guard clock.seconds < 10 else {
                let names = missing.map(\.fileName).joined(separator: ", ")
                throw Problem(
                    .system, "the server did not read its configuration within 10 seconds", detail: names)
            }
            Pause.milliseconds(2)
        }
    }

    /// What PostgreSQL does not accept in the access file, as it lies there; empty when it accepts all.
    ///
    /// - Parameter connection: one to this server; nil makes one.
    public func refusedAccess(on connection: Connection? = nil) throws(Problem) -> [String] {
        try session(connection).query(
            "SELECT line_number || ': ' || error FROM pg_catalog.pg_hba_file_rules WHERE error IS NOT NULL"
        ).firstColumn
    }

    private func session(_ made: Connection?) throws(Problem) -> Connection {
        if let made { made } else { try connect() }
    }

    /// Settings that were changed and take effect with the next restart.
    public func awaitingRestart() throws(Problem) -> [String] {
        try connect().query("SELECT name FROM pg_catalog.pg_settings WHERE pending_restart ORDER BY name")
            .firstColumn
    }
}
