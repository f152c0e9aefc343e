import ArgumentParser
import AzureAPI
import ControlPlane

struct ListSKUsCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list-skus", abstract: "List the compute sizes.")

    @OptionGroup var global: GlobalOptions
    @Option(name: .shortAndLong, help: "Location; every one has the same.") var location: String?

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        let sizes = controlPlane.listSKUs()
        return try Report(
            [Capability(sizes, versions: controlPlane.installedVersions())], ChildViews.sizeColumns,
            sizes.map(ChildViews.row))
    }
}
