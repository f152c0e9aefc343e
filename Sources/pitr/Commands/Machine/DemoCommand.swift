import ArgumentParser
import ControlPlane
import Platform

struct DemoCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Show the main job: a table is dropped, and comes back in a copy.",
        discussion: """
            Makes the servers 'orders' and 'orders-restored' in the resource group 'pitr-demo'. With --attach it \
            starts a PostgreSQL of its own below /tmp, attaches it as 'shop', and restores it as 'shop-restored' \
            while pgbench writes to it.
            """)

    static let whenKilled = KilledCommand.demo

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Keep both servers.") var keep = false
    @Flag(help: "Of a server that pitr did not make, under load.") var attach = false

    func validate() throws {
        if keep, attach { throw ValidationError("--keep and --attach do not go together") }
    }

    func execute(_ session: Session) throws -> Report {
        var unwritten: Problem?
        let controlPlane = try session.controlPlane()
        let say = { (line: String) in
            session.messages.progress?.wipe()
            do throws(Problem) {
                try StandardStream.output.write(line.visible(keepsLines: true) + "\n")
            } catch {
                unwritten = unwritten ?? error
            }
        }
        try attach ? DemoAttached.run(controlPlane, say) : Demo.run(controlPlane, keep: keep, say)
        if let unwritten { throw unwritten }
        return .nothing
    }
}
