import ArgumentParser
import Foundation
import Notation
import Platform
import Server

struct AzureCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "azure", abstract: "Azure's own tools on this machine.",
        subcommands: [AzureEnvCommand.self])
}

struct AzureEnvCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "Turn az towards 'pitr serve': eval \"$(pitr azure env)\"",
        discussion: """
            Writes a configuration directory for az, apart from your own, with a bundle of certificates, and \
            prints the variables that make az use them. No login is needed. --unset prints how to go back.
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print what puts the variables back.") var unset = false
    @Option(help: "Port of the server, if not its last one.") var port: Int?
    @Option(help: ArgumentHelp("Write az's configuration there.", valueName: "dir")) var directory: String?

    func execute(_ session: Session) throws -> Report {
        let environment = AzureEnvironment(ProcessInfo.processInfo.environment)
        if unset { return Self.report(environment.undo(), ["script": environment.undo()]) }
        let place = try AzureDirectory(session, given: directory)
        let settings = try place.settings(port: port)
        try place.write(settings, roots: Self.roots(environment))
        if !settings.isServed {
            session.messages.note("Nothing answers at \(settings.url) yet: start 'pitr serve'.")
        }
        let script = environment.script(directory: place.path)
        var values = Dictionary(
            uniqueKeysWithValues: environment.variables(directory: place.path).map { ($0.name, $0.value) })
        values["script"] = script
        return Self.report(script, values)
    }

    func run() throws { try runForShell() }

    private static func report(_ script: String, _ values: [String: String]) -> Report {
        Report(value: .object(JSONObject(values.map { ($0.key, .string($0.value)) })), view: .plain(script))
    }

    /// The certificates that programs of this machine trust anyway.
    private static func roots(_ environment: AzureEnvironment) -> String {
        let usual = [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
        ]
        for path in [environment.usualBundle].compactMap({ $0 }) + usual {
            if let text = try? String(contentsOfFile: path, encoding: .utf8), !text.isEmpty { return text }
        }
        return ""
    }
}

/// What `azure env` asks of the state directory when root calls it: printed for root to write down.
struct AzureSettingsCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "_azure-settings", shouldDisplay: false)

    @OptionGroup var global: GlobalOptions
    @Option var port: Int?

    func execute(_ session: Session) throws -> Report {
        let settings = try AzureSettings(try session.controlPlane(), port: port)
        return Report(value: try JSONValue(encoding: settings), view: .plain(""))
    }
}
