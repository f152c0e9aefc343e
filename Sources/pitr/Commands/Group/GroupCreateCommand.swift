import ArgumentParser
import AzureAPI
import ControlPlane

struct GroupCreateCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a resource group.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupName
    @Option(name: .shortAndLong, help: "Location, a label here.") var location: String?
    @OptionGroup var tags: TagList

    func execute(_ session: Session) throws -> Report {
        let details = try session.controlPlane().createGroup(
            name: group.name, location: location, tags: tags.values ?? [:])
        return try Report(ResourceGroup(details), ChildViews.groupColumns, [ChildViews.row(details)])
    }
}
