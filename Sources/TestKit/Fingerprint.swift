public import Platform

/// Every file and directory below some folders: kind, size, mode, time of change, and the SHA-256 of its
/// content.
public struct Fingerprint: Sendable, Equatable {
    public let lines: Set<String>

    public init(of folders: String...) throws(Problem) {
        var lines: Set<String> = []
        for folder in folders {
            for script in [
                "find . -printf '%p %y %s %m %U %T@\\n'", "find . -type f -print0 | xargs -0 -r sha256sum",
            ] {
                let result = try SystemCommands().runChecked(
                    Command("sh", ["-c", script], workingDirectory: folder, timeoutSeconds: 120))
                lines.formUnion(result.standardOutput.split(separator: "\n").map { folder + ": " + $0 })
            }
        }
        self.lines = lines
    }

    /// What is in one and not in the other, in order; empty when both are equal.
    public func differences(from other: Fingerprint) -> [String] {
        lines.symmetricDifference(other.lines).sorted()
    }
}
