import ArgumentParser
import ControlPlane
import Glibc
import Platform

struct DemoCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Show the main job: a table is dropped, and comes back in a copy.",
        discussion: """
            Makes the servers 'orders' and 'orders-restored' in the resource group 'pitr-demo'. With --attach it \
            starts a PostgreSQL of its own below /tmp, attaches it as 'shop', and restores it as 'shop-restored' \
            while pgbench writes to it. With --portal it makes an incident to practise on: the portal's link, and \
            three tasks that are checked as they are done there. It ends when they are done, or with Ctrl-C.
            """)

    static let whenKilled = KilledCommand.demo

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Keep both servers.") var keep = false
    @Flag(help: "Of a server that pitr did not make, under load.") var attach = false
    @Flag(help: "Practise in the portal instead: an incident, and three tasks that are checked.") var portal =
        false

    func validate() throws {
        if [keep, attach, portal].count(where: { $0 }) > 1 {
            throw ValidationError("--keep, --attach and --portal do not go together")
        }
    }

    func execute(_ session: Session) throws -> Report {
        var unwritten: Problem?
        // Root's own browser may be the owner's, too; the account changes below.
        let caller = geteuid()
        let say = { (line: String) in
            session.messages.progress?.wipe()
            do throws(Problem) {
                try StandardStream.output.write(line.visible(keepsLines: true) + "\n")
            } catch {
                unwritten = unwritten ?? error
            }
        }
        if portal {
            try PracticeDemo.run(session, owners: [0, caller], say)
        } else {
            let controlPlane = try session.controlPlane()
            try attach ? DemoAttached.run(controlPlane, say) : Demo.run(controlPlane, keep: keep, say)
        }
        if let unwritten { throw unwritten }
        return .nothing
    }
}
