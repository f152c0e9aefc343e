import ArgumentParser
import ControlPlane
import Platform

struct DemoCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Show the main job: a table is dropped, and comes back in a copy.",
        discussion: "Makes the servers 'orders' and 'orders-restored' in the resource group 'pitr-demo'.")

    static let whenKilled = KilledCommand.demo

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Keep both servers.") var keep = false

    func execute(_ session: Session) throws -> Report {
        var unwritten: Problem?
        var demo = try Demo(controlPlane: session.controlPlane()) { line in
            session.messages.progress?.wipe()
            do throws(Problem) {
                try StandardStream.output.write(line.visible(keepsLines: true) + "\n")
            } catch {
                unwritten = unwritten ?? error
            }
        }
        do {
            try demo.run(keep: keep)
        } catch {
            demo.cleanUp()
            throw error
        }
        if let unwritten { throw unwritten }
        return .nothing
    }
}
