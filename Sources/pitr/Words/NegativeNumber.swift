/// Values such as the -1 of `parameter set -n log_min_duration_statement -v -1`, which would be taken for an
/// option: az's own parser takes what looks like a negative number for a value, as no option does.
enum NegativeNumber {
    /// The same arguments, such numbers in one word with the option that they belong to.
    static func joined(_ arguments: [String]) -> [String] {
        var joined: [String] = []
        var isBehindOptions = false
        for argument in arguments {
            if argument == "--" { isBehindOptions = true }
            if !isBehindOptions, isNumber(argument), let last = joined.last, isOption(last) {
                joined[joined.count - 1] = "\(last)=\(argument)"
            } else {
                joined.append(argument)
            }
        }
        return joined
    }

    private static func isOption(_ word: String) -> Bool {
        word.hasPrefix("-") && word != "-" && !word.contains("=") && !isNumber(word)
    }

    /// `-1`, `-1.5`, `-.5`.
    private static func isNumber(_ word: String) -> Bool {
        guard word.first == "-" else { return false }
        let parts = word.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return parts.count <= 2 && parts.last?.isEmpty == false
            && parts.allSatisfy { $0.utf8.allSatisfy(digits.contains) }
    }
}
