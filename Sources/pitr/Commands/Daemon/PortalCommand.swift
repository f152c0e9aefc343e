import ArgumentParser
import ControlPlane
import Notation
import Platform
import PostgresFormat
import Server

struct PortalCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "portal", abstract: "Sign a browser in to the portal of 'pitr serve'.",
        discussion: """
            Prints a link that signs in the browser it is opened in, once and within two minutes, as the \
            owner of this machine's servers. The browser has to run as the account that runs pitr, or as \
            root; others sign in with the secret of an identity.
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(help: "End every session, and spend every link.") var signOut = false

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        let sessions = PortalSessions(controlPlane)
        if signOut {
            let ended = try sessions.endAll()
            return Report(
                value: .object(["endedSessions": .integer(Int64(ended))]),
                view: .plain("\(ended) \(ended == 1 ? "session" : "sessions") ended\n"))
        }
        let endpoint = try controlPlane.endpoint() ?? .standard
        if try !controlPlane.isDispatched() {
            session.messages.note("Nothing answers at \(endpoint.url) yet: start 'pitr serve'.")
        }
        if try controlPlane.isDispatched(), endpoint.isOpenToOthers {
            throw Problem(
                .operationNotSupported, "no link signs in while 'pitr serve' lets other machines in",
                detail: "whoever asks it for something has to have a secret",
                hint: "Make one with 'pitr identity create -n NAME --role Owner', and sign in with it at "
                    + "\(endpoint.url)/portal.")
        }
        let authority = controlPlane.account.home + "/ca/ca.crt"
        let url = "\(endpoint.url)/portal/sign-in?code=\(try sessions.makeLink())"
        session.messages.note("The browser has to trust \(authority), once.")
        return Report(
            value: .object([
                "authority": .string(authority),
                "expiresInSeconds": .integer(Int64(PortalSessions.linkLifetime)), "url": .string(url),
            ]), view: .plain(url + "\n"))
    }

    func run() throws { try runForShell() }
}
