import ControlPlane
import Foundation
import Glibc
import Platform
import ServiceModel

/// Has steps run by a process that stays who called, while this one becomes the servers' account.
///
/// That process is told the commands first of all, and once: not as words of its command line, which every
/// account of the machine can read. What it is told later is only which one is due and
/// where the copy is: whoever gets hold of the servers' account cannot make it run anything else.
final class DrillStepHelper: DrillSteps {
    let names: [String]
    private let descriptor: Int32
    private let pid: pid_t

    /// - Parameter isScheduled: whether a schedule has the steps, and not whoever calls: they get neither the
    ///   caller's terminal nor the caller's environment.
    init(_ steps: [DrillCommand], isScheduled: Bool = false) throws {
        names = steps.map(\.name)
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0,
            let program = DurableFiles.linkTarget("/proc/self/exe")
        else { throw Problem(.system, "cannot prepare the steps", detail: String(cString: strerror(errno))) }
        descriptor = ends[0]
        do {
            defer { Glibc.close(ends[1]) }
            let environment = ProcessInfo.processInfo.environment
            pid = try DescendingChild.spawn(
                program, [program, DrillStepsCommand.name], [ends[1]],
                environment: isScheduled ? DrillStepEnvironment.scheduled(from: environment) : nil,
                isDetached: isScheduled)
        } catch {
            Glibc.close(ends[0])
            throw error
        }
        do {
            try send(steps.map(\.command))
        } catch {
            close()
            throw error
        }
    }

    private func send(_ message: some Encodable) throws {
        var line = try JSONEncoder().encode(message)
        line.append(10)
        try DescriptorOutput(descriptor).write(Array(line))
    }

    func run(_ number: Int, _ target: DrillStepTarget) throws(Problem) -> DrillStepEnd {
        do {
            try send(DrillStepOrder(number: number, target: target))
            return try JSONDecoder().decode(DrillStepEnd.self, from: Data(try answer()))
        } catch {
            throw error as? Problem
                ?? Problem(.system, "the process that runs the steps is gone", detail: "\(error)")
        }
    }

    private func answer() throws(Problem) -> [UInt8] {
        var line: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while line.last != 10 {
            try Interruption.flag.check()
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 100) > 0 else { continue }
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Problem(.system, "the process that runs the steps is gone") }
            line += piece[..<count]
        }
        return line
    }

    /// It ends a step that still runs, and itself.
    func close() {
        Glibc.close(descriptor)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }
}

/// What the steps of a schedule have of the environment of whoever calls, besides where the copy is.
enum DrillStepEnvironment {
    /// Where programs and their libraries are found, and the language.
    private static let kept = ["PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL"]
    private static let standardPath = "/usr/local/bin:/usr/bin:/bin"

    /// - Parameter home: of the account that they run as.
    static func scheduled(
        from caller: [String: String], home: String? = ServiceAccount.homeDirectory(of: geteuid())
    ) -> [String: String] {
        var environment = caller.filter { kept.contains($0.key) }
        if environment["PATH"] == nil { environment["PATH"] = standardPath }
        environment["HOME"] = home ?? "/"
        return environment
    }
}

/// What that process is told after the commands, a line each.
struct DrillStepOrder: Codable {
    var number: Int
    var target: DrillStepTarget
}
