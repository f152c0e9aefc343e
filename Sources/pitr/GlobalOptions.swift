import ArgumentParser

/// Understood by every command.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Output format; else a table on a terminal and JSON elsewhere.", valueName: "format"))
    var output: OutputFormat?

    @Option(
        help: ArgumentHelp(
            "Print only a part of the result, as JMESPath names it: local.id, [].name, [0].",
            valueName: "path"),
        transform: QueryPath.init)
    var query: QueryPath?

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
        output ?? (query == nil ? .usual(isTerminal: StandardStream.output.isTerminal) : .json)
    }

    func validate() throws {
        if query != nil, output?.isForPerson == true {
            throw ValidationError("--query goes with -o json, tsv or yaml: a table has columns of its own")
        }
    }
}
