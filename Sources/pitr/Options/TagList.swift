import ArgumentParser

/// `--tags` as az takes it: `key[=value]` separated by blanks, `""` for no tags at all.
struct TagList: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Tags: key[=value] separated by blanks; \"\" clears them.", valueName: "tag"))
    var tags: [String] = []

    /// Nil when the option was not given.
    var values: [String: String]? {
        tags.isEmpty ? nil : Self.parse(tags)
    }

    /// The last of two equal keys counts.
    static func parse(_ texts: [String]) -> [String: String] {
        var result: [String: String] = [:]
        for text in texts where !text.isEmpty {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            result[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        return result
    }
}
