import ArgumentParser
import AzureAPI
import ControlPlane

struct GroupListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the resource groups.")

    @OptionGroup var global: GlobalOptions

    func execute(_ session: Session) throws -> Report {
        let groups = try session.controlPlane().listGroups()
        return try Report(groups.map(ResourceGroup.init), ChildViews.groupColumns, groups.map(ChildViews.row))
    }
}
