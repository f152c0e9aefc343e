import ArgumentParser
import ControlPlane
import Foundation
import Notation
import Platform
import ServiceModel

/// Asks where a server is while this process stays who called.
///
/// A client of PostgreSQL works with what is the person's: environment, password file, working directory,
/// files, rights. Root would lose all of it on the way down to the servers' account, so a child goes down.
struct AddressInquiry {
    let session: Session

    func address(_ server: ServerReference) throws -> ClientAddress {
        guard let program = DurableFiles.linkTarget("/proc/self/exe") else {
            throw Problem(.system, "cannot tell where the running program lies")
        }
        let result = try SystemCommands().run(
            Command(
                program,
                [
                    "_client-address", "--home", try session.home(), "-g", server.resourceGroup,
                    "--name=\(server.name)", "-o", "json",
                ], workingDirectory: "/"))
        try Interruption.flag.check()
        guard result.succeeded,
            let answer = try? JSONDecoder().decode(
                ClientAddressAnswer.self, from: Data(result.standardOutput.utf8))
        else {
            throw Problem(
                .system, "the state directory cannot be asked where the server is",
                detail: result.words.isEmpty ? nil : result.words)
        }
        if let problem = answer.problem { throw problem }
        guard let address = answer.address else {
            throw Problem(.system, "the state directory does not say where the server is")
        }
        return address
    }

    /// The same, of a server that answers; warns where its firewall will turn the client away.
    func openAddress(_ server: ServerReference) throws -> ClientAddress {
        let address = try address(server)
        let words = address.words
        guard address.state == .ready else {
            throw Problem(
                .serverIsNotReady, "server '\(address.server)' does not run",
                detail: "it is \(address.state.rawValue)",
                hint: address.state == .stopped
                    ? "Start it: pitr start \(words)." : "Look at it: pitr show \(words).")
        }
        if let warning = address.warning { session.messages.warning(warning) }
        return address
    }
}

extension ClientAddress {
    /// As a command names the server.
    var words: String {
        (resourceGroup == GroupOption.standard ? "" : "-g \(Command.shellQuoted(resourceGroup)) ")
            + "-n \(server)"
    }

    /// What keeps a client out whoever it is.
    var warning: String? {
        guard !isOpenHere else { return nil }
        let parent = words.replacing("-n \(server)", with: "-s \(server)")
        return "no firewall rule of server '\(server)' lets this machine in: pitr firewall-rule create "
            + "\(parent) -n here --start-ip-address \(host.hasPrefix("127.") ? "127.0.0.1" : host)"
    }
}

/// What the child says: an address, or why there is none.
struct ClientAddressAnswer: Codable {
    private struct Refusal: Codable {
        var code: String
        var message: String
        var detail: String?
        var hint: String?
    }

    var address: ClientAddress?
    private var refusal: Refusal?

    init(_ find: () throws -> ClientAddress) {
        do {
            address = try find()
        } catch {
            let problem = Failure.problem(error, cancelled: false)
            refusal = Refusal(
                code: problem.code.rawValue, message: problem.message, detail: problem.detail,
                hint: problem.hint)
        }
    }

    var problem: Problem? {
        refusal.map {
            Problem(
                ProblemCode(rawValue: $0.code) ?? .system, $0.message, detail: $0.detail, hint: $0.hint)
        }
    }
}

/// What a client command asks of the state directory, in a process that goes down for it.
struct ClientAddressCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "_client-address", shouldDisplay: false)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions

    func execute(_ session: Session) throws -> Report {
        let answer = ClientAddressAnswer { try session.controlPlane().clientAddress(server.reference) }
        return Report(value: try JSONValue(encoding: answer), view: .plain(""))
    }
}
