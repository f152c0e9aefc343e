public import ControlPlane
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOPosix
public import Platform
import ServiceLifecycle

/// The process that is always there: the HTTPS endpoint, the dispatcher of accepted operations, and the
/// scheduler.
///
/// Each is a service of its own; one that fails ends the process. Work that was begun goes on in processes
/// of its own whatever happens to this one.
public struct Daemon: Sendable {
    public struct Options: Sendable {
        public var endpoint: Endpoint
        public var policy: AccessPolicy
        /// More names that the certificate is for.
        public var names: [String]
        var times = ConnectionTimes()

        public init(endpoint: Endpoint, policy: AccessPolicy, names: [String] = []) {
            self.endpoint = endpoint
            self.names = names
            self.policy = policy
        }
    }

    private let controlPlane: ControlPlane
    private let options: Options
    private let log: DaemonLog
    private let cancellation: CancellationFlag

    /// - Parameter cancellation: raised from outside to end the daemon, by a signal for example; work inside
    ///   the process looks at the same flag.
    public init(
        _ controlPlane: ControlPlane, options: Options, log: DaemonLog, cancellation: CancellationFlag
    ) {
        self.controlPlane = controlPlane
        self.options = options
        self.log = log
        self.cancellation = cancellation
    }

    /// Runs until it is told to end, and blocks meanwhile; `ready` is called once it listens.
    ///
    /// Throws `.serverBusy` when another daemon works on this state directory, `.portInUse` when something
    /// else listens there.
    public func run(ready: @escaping @Sendable (Endpoint) throws -> Void) throws {
        let dispatcher = try OperationDispatcher(controlPlane)
        defer { dispatcher.close() }
        let receivers = AttachedReceivers(controlPlane)
        defer { receivers.stop() }
        let requests = NIOThreadPool(numberOfThreads: 16)
        let background = NIOThreadPool(numberOfThreads: 4)
        requests.start()
        background.start()
        let bell = Bell()
        let ending = Ending()
        let group = try services(
            dispatcher, receivers, requests: requests, background: background, bell, ending, ready: ready)
        do {
            // The one place where blocking code and concurrent code meet.
            let loop = MultiThreadedEventLoopGroup.singleton.any()
            let end = loop.makePromise(of: Void.self)
            loop.makeFutureWithTask { try await group.run() }.cascade(to: end)
            let cancellation = cancellation
            loop.scheduleRepeatedTask(initialDelay: Ending.interval, delay: Ending.interval) { _ in
                if cancellation.isCancelled, ending.isDue() { end.succeed() }
            }
            try end.futureResult.wait()
        } catch let error as IOError where error.errnoCode == 98 {
            throw Problem(
                .portInUse, "something else listens on \(options.endpoint.host):\(options.endpoint.port)",
                hint: "Choose another port with --port.")
        }
        // Threads that still work on a request have a moment to end it; the process's end ends them.
        requests.shutdownGracefully { _ in }
        background.shutdownGracefully { _ in }
    }

    private func services(
        _ dispatcher: OperationDispatcher, _ receivers: AttachedReceivers, requests: NIOThreadPool,
        background: NIOThreadPool, _ bell: Bell, _ ending: Ending,
        ready: @escaping @Sendable (Endpoint) throws -> Void
    ) throws -> ServiceGroup {
        let (controlPlane, log, wanted, times) = (controlPlane, log, options.endpoint, options.times)
        let logger = Logger(label: "pitr") { _ in LogBridge(log: log) }
        let api = API(controlPlane.remembering(), policy: options.policy, log: log) { bell.ring() }
        let live = LiveOperations(controlPlane: controlPlane, pool: background, log: log)
        let gate = ConnectionGate(
            limits: ConnectionLimits(openFiles: OpenFileLimit.raise(to: ConnectionLimits.openFiles)),
            owners: options.policy.owners)
        let server = Application(
            responder: HTTPAdapter(api: api, pool: requests, times: times, live: live),
            server: try .tls(
                .http1(
                    configuration: .init(
                        additionalChannelHandlers: [StalledAnswer(after: times.stalled)],
                        idleTimeout: times.silence)),
                tlsConfiguration: try tls()),
            configuration: .init(
                address: .hostname(wanted.host, port: wanted.port),
                availableConnectionsDelegate: HeldUntilGated(gate: gate)),
            onServerRunning: { channel in
                do {
                    try await Admission.begin(gate, on: channel, log: log)
                    let endpoint = Endpoint(
                        host: wanted.host, port: channel.localAddress?.port ?? wanted.port,
                        isOpenToOthers: options.policy.isOpenToOthers)
                    try controlPlane.keep(endpoint)
                    try ready(endpoint)
                } catch {
                    log.error("\(error)")
                }
            }, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: server, serviceName: "https"),
                .init(
                    service: DispatcherService(
                        dispatcher: dispatcher, pool: background, bell: bell, log: log),
                    serviceName: "dispatcher"),
                .init(
                    service: SchedulerService(
                        controlPlane: controlPlane, pool: background, log: log,
                        cancellation: cancellation, ending: ending),
                    serviceName: "scheduler"),
                .init(
                    service: ReceiverService(
                        receivers: receivers, pool: background, log: log, cancellation: cancellation),
                    serviceName: "receivers"),
                .init(service: live, serviceName: "live"),
                .init(
                    service: EndService(cancellation: cancellation),
                    successTerminationBehavior: .gracefullyShutdownGroup, serviceName: "end"),
            ], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(2)
        return ServiceGroup(configuration: configuration)
    }

    private func tls() throws -> TLSConfiguration {
        let listen = options.endpoint.host
        let isName = listen.wholeMatch(of: /[0-9.]+|.*:.*/) == nil
        let files = try controlPlane.endpointCertificate(
            names: ["localhost"] + (isName && listen != "localhost" ? [listen] : []) + options.names,
            addresses: ["127.0.0.1", "::1"]
                + (isName || ["127.0.0.1", "::1", "0.0.0.0", "::"].contains(listen) ? [] : [listen]))
        let chain = try NIOSSLCertificate.fromPEMFile(files.certificateFile)
        let key = try NIOSSLPrivateKey(file: files.keyFile, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        // A browser keeps connections open and does not answer that they end; the daemon's end does not wait.
        configuration.shutdownTimeout = .seconds(1)
        return configuration
    }
}
