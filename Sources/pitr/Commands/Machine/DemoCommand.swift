import ArgumentParser

struct DemoCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Show the main job: a table is dropped, and comes back in a copy.")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Keep both servers.") var keep = false

    func execute(_ session: Session) throws -> Report {
        .nothing
    }
}
