import Platform
import TestKit
import Testing

/// Runs a page as a reader would: one shell, the page's commands in order, in a directory of its own.
struct GuideRun {
    /// A person at a terminal gets tables; the shell of a test has none, so its `pitr` asks for them where
    /// its output would go there, and not where it goes to a file or another program.
    private static let prelude = """
        set -euo pipefail
        exec 2>&1
        page=$(readlink /proc/$$/fd/1)
        pitr() {
            local word here=$BASHPID
            # These hand over to psql and to the shell.
            case ${1-} in
            connect | env) command pitr "$@"; return ;;
            # In the background: the process that the page ends has to be the program itself.
            serve | receive) exec pitr "$@" ;;
            esac
            for word in "$@"; do
                if [ "$word" = -o ]; then command pitr "$@"; return; fi
            done
            if [ "$(readlink "/proc/$here/fd/1")" != "$page" ]; then command pitr "$@"; return; fi
            command pitr "$@" -o table
        }

        """
    private static let mark: Character = "\u{1E}"

    let page: GuidePage
    let product: ProductUnderTest
    /// Whom the reader is: whoever runs the tests, or the account that owns the servers.
    let runner: any CommandRunner

    func run() throws {
        let work = try product.scratch.directory("work")
        defer { ProductUnderTest.endPostmaster(work + "/newdata") }
        let result = try runner.run(
            Command(
                "bash", ["-c", script],
                environment: [
                    "PATH": "\(BuiltProduct.folder):/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                    "PITR_HOME": product.home, "HOME": work, "LC_ALL": "C.UTF-8",
                    "PITR_POSTGRES_DIRS": PostgresFixture.binDirectory,
                    "XDG_RUNTIME_DIR": try product.scratch.directory("run"),
                ], workingDirectory: work, timeoutSeconds: 170))
        let outputs = Self.outputs(result.standardOutput)
        let reached = outputs.keys.max() ?? -1
        guard result.exitStatus == 0, reached == page.steps.count - 1 else {
            let line = page.steps.indices.contains(reached) ? page.steps[reached].line : 1
            Issue.record(
                """
                \(page.name), line \(line): exit status \(result.exitStatus)
                \(outputs[reached] ?? result.standardOutput)\(result.standardError)
                """)
            return
        }
        for (index, step) in page.steps.enumerated() {
            let output = outputs[index] ?? ""
            if let missing = ExpectedLine.firstMissing(step.expected, in: output) {
                Issue.record("\(page.name), line \(step.line): no '\(missing)' in\n\(output)")
            }
        }
    }

    private var script: String {
        page.steps.enumerated().reduce(into: Self.prelude) { text, step in
            text += "printf '\\036%d\\n' \(step.offset)\n"
            text += step.element.commands.joined(separator: "\n") + "\n"
        }
    }

    /// What each step printed, by its number.
    static func outputs(_ text: String) -> [Int: String] {
        text.split(separator: mark).reduce(into: [:]) { result, part in
            let lines = part.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            guard let number = Int(lines[0]) else { return }
            result[number] = lines.count > 1 ? String(lines[1]) : ""
        }
    }
}
