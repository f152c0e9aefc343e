import Foundation
import Glibc
import Platform
import Server

/// Where az's configuration goes, and who writes it.
///
/// It belongs to whoever runs az. Beside an ordinary user's state that is its `api/azure`. Root's state
/// belongs to the servers' account, and az runs what it finds in its directory (it unpickles a cache there):
/// so root gets one that only root can write to, and this process stays root and lets a child that steps
/// down ask the state directory.
struct AzureDirectory {
    let path: String
    private let session: Session
    private let isRoot: Bool

    init(_ session: Session, given: String?) throws {
        self.session = session
        isRoot = geteuid() == 0
        let home = try session.home()
        if let given {
            path = given.hasPrefix("/") ? given : FileManager.default.currentDirectoryPath + "/" + given
        } else if isRoot {
            let environment = ProcessInfo.processInfo.environment
            let root = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/root"
            let name = home.split(separator: "/").joined(separator: "-")
            path = "\(root)/.local/state/pitr/azure/\(name)"
        } else {
            path = home + "/api/azure"
        }
    }

    func settings(port: Int?) throws -> AzureSettings {
        guard isRoot else { return try AzureSettings(session.controlPlane(), port: port) }
        guard let program = DurableFiles.linkTarget("/proc/self/exe") else {
            throw Problem(.system, "cannot tell where the running program lies")
        }
        var arguments = ["_azure-settings", "--home", try session.home(), "-o", "json"]
        if let port { arguments += ["--port", String(port)] }
        let result = try SystemCommands().run(Command(program, arguments, workingDirectory: "/"))
        guard result.succeeded else {
            throw Problem(
                .system, "the state directory cannot be asked how to reach its API",
                detail: result.standardError.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return try JSONDecoder().decode(AzureSettings.self, from: Data(result.standardOutput.utf8))
    }

    func write(_ settings: AzureSettings, roots: String) throws {
        umask(0o077)
        try DurableFiles.makeDirectories(path)
        guard let status = DurableFiles.status(path), status.owner == geteuid() else {
            throw Problem(
                .system, "\(path) belongs to somebody else", hint: "Choose another one with --directory.")
        }
        for (name, text) in settings.files { try replace(name, text) }
        if DurableFiles.status(path + "/config") == nil { try replace("config", AzureSettings.configuration) }
        try replace(AzureEnvironment.bundle, roots + (roots.hasSuffix("\n") ? "" : "\n") + settings.authority)
        for name in AzureSettings.stale { try DurableFiles.removeFile(path + "/" + name) }
    }

    private func replace(_ name: String, _ text: String) throws {
        try DurableFiles.write(Array(text.utf8), to: path + "/" + name, durable: false)
    }
}
