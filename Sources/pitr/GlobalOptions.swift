import ArgumentParser

/// Understood by every command.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Output format; else a table on a terminal and JSON elsewhere.", valueName: "format"))
    var output: OutputFormat?

    @Flag(help: "Say more about what is going on.")
    var verbose = false

    @Flag(help: "Say nothing but errors beside the result.")
    var onlyShowErrors = false

    @Option(
        help: ArgumentHelp(
            "The state directory; else PITR_HOME, else /var/lib/pitr for root and the XDG state directory.",
            valueName: "dir"))
    var home: String?

    /// The format asked for, or the one that suits who reads.
    var format: OutputFormat {
        output ?? .usual(isTerminal: StandardStream.output.isTerminal)
    }
}
