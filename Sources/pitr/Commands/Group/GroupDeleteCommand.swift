import ArgumentParser
import ControlPlane

struct GroupDeleteCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a resource group.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupName
    @OptionGroup var confirmed: YesOption

    func execute(_ session: Session) throws -> Report {
        try session.confirmation.require(
            "Are you sure you want to delete the resource group '\(group.name)'", yes: confirmed.yes)
        try session.controlPlane().deleteGroup(group.name)
        return .nothing
    }
}
