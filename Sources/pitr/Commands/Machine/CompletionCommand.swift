import ArgumentParser

struct CompletionCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a shell's completion script.")

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish

        var kind: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @OptionGroup var global: GlobalOptions
    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func execute(_ session: Session) throws -> Report {
        // A script has one form, whatever output format is set.
        try StandardStream.output.write(Pitr.completionScript(for: shell.kind) + "\n")
        return .nothing
    }
}
