import ArgumentParser
import AzureAPI
import ControlPlane

struct GroupShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a resource group.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupName

    func execute(_ session: Session) throws -> Report {
        let details = try session.controlPlane().showGroup(group.name)
        return try Report(ResourceGroup(details), ChildViews.groupColumns, [ChildViews.row(details)])
    }
}
