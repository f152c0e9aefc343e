import ArgumentParser
import AzureAPI
import ControlPlane

struct WALIndexCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Show, or make anew, the indexes beside a server's archived WAL.",
        discussion: """
            An index tells what happened in a segment, so that a timeline reads no WAL. It is made as the \
            segment arrives and is not needed to restore. One that is missing, stale or damaged is never \
            believed: its segment is read instead, which takes longer.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Flag(help: "Make the indexes anew that are not present.") var rebuild = false
    @Flag(help: "With --rebuild: every one, also those that are present.") var all = false

    func validate() throws {
        if all, !rebuild { throw ValidationError("--all goes with --rebuild") }
    }

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        let entries =
            rebuild
            ? try controlPlane.rebuildWALIndexes(server.reference, all: all)
            : try controlPlane.walIndexes(server.reference)
        return try Report(
            entries.map(WALIndexDocument.init), ChildViews.indexColumns, entries.map(ChildViews.row))
    }
}
