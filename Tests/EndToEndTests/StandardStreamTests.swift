import Platform
import TestKit
import Testing

extension EndToEnd {
    /// Standard output that cannot be written, that nobody reads, or that is closed.
    @Suite struct StandardStreamTests {
        /// Runs a line of bash that has the program as `$0` and the helper as `$1`.
        private static func shell(_ product: ProductUnderTest, _ line: String) throws -> CommandResult {
            try SystemCommands().run(
                Command(
                    "bash", ["-c", line, BuiltProduct.path("pitr"), BuiltProduct.path("pitr-wal")],
                    environment: [
                        "PITR_HOME": product.home, "HOME": product.scratch.path, "PATH": "/usr/bin:/bin",
                        "D": product.scratch.path,
                    ], workingDirectory: "/", timeoutSeconds: 60))
        }

        @Test func `what cannot be written is a failure, with its reason`() throws {
            try ProductUnderTest.use("fullout") { product in
                for words in [
                    "--version", "list --help", "list -o json", "list -o yaml", "list-skus -l local",
                    "completion bash", "azure env", "doctor -o json",
                ] {
                    let full = try Self.shell(product, "exec $0 \(words) > /dev/full")
                    #expect(full.exitStatus == 1, "\(words): \(full)")
                    #expect(
                        full.standardError.contains(
                            "ERROR: (InsufficientStorage) cannot write to standard output\n"
                                + "detail: No space left on device\n"), "\(words): \(full)")
                }
                #expect(try Self.shell(product, "exec $1 version > /dev/full").exitStatus == 1)
            }
        }

        @Test func `a limit on the size of files is a failure, and no death`() throws {
            try ProductUnderTest.use("limitout") { product in
                let answer = try Self.shell(product, "ulimit -f 0; exec $0 --version > $D/out")
                #expect(answer.exitStatus == 1)
                #expect(answer.standardError.contains("detail: File too large"))
                let helper = try Self.shell(product, "ulimit -f 0; exec $1 version > $D/out")
                #expect(helper.exitStatus == 1)
            }
        }

        @Test func `a reader that went away is no failure`() throws {
            try ProductUnderTest.use("goneout") { product in
                // A pipe that had a reader, and has none any more.
                let gone = "mkfifo $D/pipe; exec 3<>$D/pipe 4>$D/pipe 3<&-; "
                let answer = try Self.shell(product, gone + "exec $0 list-skus -l local >&4")
                #expect(answer == CommandResult())
            }
        }

        @Test func `nothing that is printed to a closed descriptor gets into a file`() throws {
            try ProductUnderTest.use("closedout") { product in
                let answer = try Self.shell(product, "exec $0 list >&-")
                #expect(answer.exitStatus == 1)
                #expect(answer.standardError.contains("detail: Bad file descriptor"))
                // What is opened first would get these numbers.
                let silent = try Self.shell(
                    product, "$0 show -n nobody <&- >&- 2>&-; a=$?; $0 list <&- -o tsv; echo $a $?")
                #expect(silent.standardOutput == "3 0\n", "\(silent)")
            }
        }
    }
}
