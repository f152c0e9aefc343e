import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import ServiceModel

struct IdentityCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity", abstract: "Who may use the API of 'pitr serve', and what for.",
        discussion: """
            Roles: Owner and Contributor may do everything, Reader may look. Restore Operator may look, \
            restore, undo, compare, verify, and take and delete on-demand backups; it cannot change or delete \
            a server.
            """,
        subcommands: [
            IdentityCreateCommand.self, IdentityListCommand.self, IdentityRoleCommand.self,
            IdentityDeleteCommand.self,
        ])
}

/// A role and where it holds.
struct RoleOptions: ParsableArguments {
    @Option(
        name: .customLong("role"), help: "Owner, Contributor, Reader or 'Restore Operator'.")
    var roleText: RoleText
    @Option(
        name: [.customShort("g"), .customLong("resource-group")],
        help: "Only in this resource group; else in all of them.")
    var resourceGroup: String?

    var role: AccessRole { roleText.role }
    var scope: AccessScope { resourceGroup.map { .resourceGroup($0) } ?? .subscription }
}

/// A role as it is typed.
struct RoleText: ExpressibleByArgument {
    let role: AccessRole

    init?(argument: String) {
        guard let role = AccessRole(text: argument) else { return nil }
        self.role = role
    }

    static var allValueStrings: [String] { AccessRole.allCases.map(\.rawValue) }
}

struct IdentityCreateCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make an identity. Its secret is shown once.")

    @OptionGroup var global: GlobalOptions
    @Option(name: .shortAndLong, help: "Name, as the activity log shows it.") var name: String
    @OptionGroup var access: RoleOptions

    func execute(_ session: Session) throws -> Report {
        let made = try session.controlPlane().createIdentity(
            name: name, role: access.role, scope: access.scope)
        var text = PersonText()
        text.heading("\(made.identity.name) is \(made.identity.role.rawValue)")
        text.field("client id", made.identity.clientID)
        text.field("secret", "\(made.secret)  (shown this once)")
        text.command(
            "az login --service-principal -u \(made.identity.clientID) -p SECRET "
                + "--tenant \(ResourceID.tenant)")
        return try Report(NewIdentityDocument(made), text)
    }
}

struct IdentityListCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the identities.")

    @OptionGroup var global: GlobalOptions

    func execute(_ session: Session) throws -> Report {
        let identities = try session.controlPlane().listIdentities()
        return try Report(
            identities.map(IdentityDocument.init), ["Name", "Client Id", "Role", "Scope"],
            identities.map { [$0.name, $0.clientID, $0.role.rawValue, $0.scope.resourceID] })
    }
}

struct IdentityRoleCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "Change what an identity may do, at once.")

    @OptionGroup var global: GlobalOptions
    @Option(name: .shortAndLong, help: "Name or client id.") var name: String
    @OptionGroup var access: RoleOptions

    func execute(_ session: Session) throws -> Report {
        let identity = try session.controlPlane().setRole(name, role: access.role, scope: access.scope)
        return try Report(
            IdentityDocument(identity), ["Name", "Client Id", "Role", "Scope"],
            [[identity.name, identity.clientID, identity.role.rawValue, identity.scope.resourceID]])
    }
}

struct IdentityDeleteCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete an identity. Its tokens are worth nothing from then on.")

    @OptionGroup var global: GlobalOptions
    @Option(name: .shortAndLong, help: "Name or client id.") var name: String
    @OptionGroup var confirmed: YesOption

    func execute(_ session: Session) throws -> Report {
        try session.confirmation.require(
            "Are you sure you want to delete the identity '\(name)'", yes: confirmed.yes)
        try session.controlPlane().deleteIdentity(name)
        return .nothing
    }
}
