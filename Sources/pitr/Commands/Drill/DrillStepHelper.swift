import ControlPlane
import Foundation
import Glibc
import Platform
import ServiceModel

/// Has steps run by a process that stays who called, while this one becomes the servers' account.
///
/// That process knows the commands from its beginning. What it is told later is only which one is due and
/// where the copy is: whoever gets hold of the servers' account cannot make it run anything else.
final class DrillStepHelper: DrillSteps {
    let names: [String]
    private let descriptor: Int32
    private let pid: pid_t

    init(_ steps: [DrillCommand]) throws {
        names = steps.map(\.name)
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0,
            let program = DurableFiles.linkTarget("/proc/self/exe")
        else { throw Problem(.system, "cannot prepare the steps", detail: String(cString: strerror(errno))) }
        descriptor = ends[0]
        defer { Glibc.close(ends[1]) }
        let options = steps.flatMap { ["--step", "\($0.name)=\($0.command)"] }
        let words = [program, DrillStepsCommand.name] + options
        pid = try DescendingChild.spawn(program, words, [ends[1]])
    }

    func run(_ number: Int, _ target: DrillStepTarget) throws(Problem) -> DrillStepEnd {
        do {
            var line = try JSONEncoder().encode(DrillStepOrder(number: number, target: target))
            line.append(10)
            try DescriptorOutput(descriptor).write(Array(line))
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

/// What that process is told, a line each.
struct DrillStepOrder: Codable {
    var number: Int
    var target: DrillStepTarget
}
