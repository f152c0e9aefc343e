import ArgumentParser

/// `--tag incident=INC-20`, or `--tag incident` for any value.
struct TagCondition: ExpressibleByArgument {
    let name: String
    let value: String?

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, !first.isEmpty else { return nil }
        name = String(first)
        value = parts.count > 1 ? String(parts[1]) : nil
    }
}
