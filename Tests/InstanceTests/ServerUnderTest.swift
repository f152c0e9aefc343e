#if canImport(Glibc)
    import Glibc
#endif
import Instance
import Platform
import TestKit
import Testing

/// A server made and run by the product's own code, in a scratch directory, as an account that may run
/// PostgreSQL.
final class ServerUnderTest: Sendable {
    @TaskLocal static var current: ServerUnderTest?

    static let admin = "shopkeeper"
    static let password = "Correct-Horse-1"

    let scratch: ScratchDirectory
    let instance: PostgresInstance
    let settings: ServerSettings
    let authority: LocalCertificateAuthority

    init() throws {
        scratch = try ScratchDirectory("inst")
        let paths = InstancePaths(
            data: scratch.file("data"), conf: scratch.file("conf"), log: scratch.file("log"),
            socketDirectory: scratch.file("s"))
        for name in ["conf", "log", "s"] { try scratch.directory(name) }
        instance = PostgresInstance(
            installation: try PostgresInstallation.discover(major: 15), paths: paths, runner: RunAs())
        let endpoint = try LoopbackAddress.pick(taken: [], port: UInt16.random(in: 30_000...39_999))
        settings = ServerSettings(
            serverName: "it's a test", paths: paths, listenAddress: endpoint.address.description,
            port: endpoint.port, compute: ComputeTier.burstable.defaultSize, archiveCommand: "/bin/true %p",
            machine: MachineResources(memoryMiB: 2048, processors: 2))
        authority = LocalCertificateAuthority(directory: scratch.file("ca"), runner: SystemCommands())
        try instance.initialize(durable: false)
        try authority.issue(
            names: ["test.local"], addresses: [settings.listenAddress], certificate: paths.certificateFile,
            key: paths.keyFile)
        try allow([])
    }

    /// Writes the configuration with these firewall rules.
    func allow(_ rules: [HostBasedAccess.Rule]) throws {
        let access = HostBasedAccess(
            rules: rules, account: RunAs.account, superuser: instance.paths.superuser)
        try instance.write(
            RenderedConfiguration(access: access, settings: settings.render() + "fsync = off\n"))
        try RunAs.handOver(instance.paths.conf)
    }

    /// Writes the user's parameters as the product does, readable by the server.
    func set(_ values: [String: String]) throws {
        try instance.write(RenderedConfiguration(parameters: values))
        try RunAs.handOver(instance.paths.conf)
    }

    deinit {
        try? instance.stop(.immediate, timeoutSeconds: 30)
    }
}

/// Gives a suite one running server with an administrator, and stops it when the last test has ended.
struct RunningInstance: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let server = try ServerUnderTest()
        try server.instance.start(timeoutSeconds: 60)
        try AdminRole.create(
            ServerUnderTest.admin, password: ServerUnderTest.password, on: server.instance.connect())
        try await ServerUnderTest.$current.withValue(server) {
            try await function()
        }
    }
}
