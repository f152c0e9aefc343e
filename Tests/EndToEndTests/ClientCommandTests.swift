import Glibc
import Platform
import TestKit
import Testing

extension EndToEnd {
    /// The commands that are clients of a server, as whoever runs the tests.
    @Suite struct ClientCommandTests {
        private static func shell(
            _ product: ProductUnderTest, _ line: String, path: String = "/usr/bin:/bin"
        ) throws -> CommandResult {
            let folder = product.scratch.file("private")
            try DurableFiles.makeDirectories(folder)
            chmod(folder, 0o700)
            return try SystemCommands().run(
                Command(
                    "bash", ["-c", "cd \"$D\"; " + line, BuiltProduct.path("pitr")],
                    environment: [
                        "PITR_HOME": product.home, "HOME": folder, "PATH": path, "D": folder,
                        "P": ProductUnderTest.adminPassword,
                        "PGPASSWORD": ProductUnderTest.adminPassword, "PGHOSTADDR": "127.9.9.9",
                    ], workingDirectory: "/", timeoutSeconds: 60))
        }

        @Test func `a client works as the person who called, and verifies the server`() throws {
            try ProductUnderTest.use("clients") { product in
                _ = try product.create("orders")
                let uri = try Self.shell(
                    product,
                    "unset PGHOSTADDR; u=$($0 show-connection-string -n orders --uri); psql \"$u\" -XAtc 'SELECT 1'"
                )
                #expect(uri.standardOutput == "1\n", "\(uri)")
                let tabs = try Self.shell(product, "$0 show-connection-string -n orders -o tsv")
                #expect(tabs.standardOutput.hasPrefix("postgresql://bob@127."), "\(tabs)")
                #expect(tabs.standardOutput.contains("sslmode=verify-full"))

                let env = try Self.shell(
                    product,
                    """
                    set -eu; eval "$($0 env -n orders)"; psql -XAtc "SELECT 'in'"; \
                    echo $PGSSLMODE ${PGHOSTADDR-none}; eval "$($0 env --unset)"; \
                    echo ${PGHOST-none} $PGHOSTADDR
                    """)
                #expect(env.standardOutput == "in\nverify-full none\nnone 127.9.9.9\n", "\(env)")

                let who = try Self.shell(
                    product,
                    "$0 connect -n orders -- -XAtc '\\! id -u' -c '\\! pwd' -c 'SELECT current_user'; echo $?;"
                        + "$0 connect -n orders -- -Xqc 'SELECT nothing' 2>/dev/null; echo $?")
                #expect(
                    who.standardOutput
                        == "\(getuid())\n\(product.scratch.file("private"))\nbob\n0\n1\n", "\(who)")

                // Nobody is at a terminal, and standard input is SQL.
                let input = try Self.shell(
                    product,
                    """
                    echo 'SELECT 7' | setsid -w $0 connect -n orders -- -XAt; unset PGPASSWORD; \
                    printf '%s\\nSELECT 8' "$P" | setsid -w $0 connect -n orders -- -XAt; echo $?
                    """)
                #expect(input.standardOutput == "7\n2\n", "\(input)")
                #expect(input.standardError.contains("no password supplied"), "\(input)")
                // psql says no more than that.
                #expect(input.standardError.contains("--admin-password-file"), "\(input)")
                let kept = try Self.shell(
                    product,
                    """
                    unset PGPASSWORD; printf '*:*:*:*:%s\\n' "$P" > ~/.pgpass; chmod 600 ~/.pgpass; \
                    setsid -w $0 connect -n orders -- -XAtc 'SELECT 9'
                    """)
                #expect(kept.standardOutput == "9\n" && kept.standardError.isEmpty, "\(kept)")
            }
        }

        /// What bash offers behind an option.
        private static func checkCompletion(_ product: ProductUnderTest) throws {
            try product.json("db", "create", "-s", "orders", "-n", "crm")
            try product.json("restore-point", "create", "-s", "orders", "-n", "seed")
            try product.json(
                "firewall-rule", "create", "-s", "orders", "-n", "desk", "--start-ip-address", "127.0.0.9")
            let before = try product.json("activity-log", "list")
            let offered = try shell(
                product,
                """
                source <($0 completion bash)
                offer() {
                    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMPREPLY=()
                    COMP_POINT=${#COMP_LINE}
                    _pitr pitr "" "${COMP_WORDS[COMP_CWORD - 1]}" 2>&1
                    echo "${COMPREPLY[*]}"
                }
                offer pitr db show -s orders -n c
                offer pitr connect -n orders -d p
                offer pitr restore -n copy -s orders --restore-point ''
                offer pitr firewall-rule show -s orders -n d
                offer pitr firewall-rule show -s nosuch -n ''
                offer pitr drill show -n ''
                """, path: BuiltProduct.folder + ":/usr/bin:/bin")
            #expect(offered.standardOutput == "crm\npostgres\nseed\ndesk\n\n\n", "\(offered)")
            #expect(try product.json("activity-log", "list") == before)
        }

        @Test func `SQL is executed whole or not at all, and a failure has its SQLSTATE`() throws {
            try ProductUnderTest.use("execute") { product in
                _ = try product.create("orders")
                let rows = try Self.shell(
                    product, "$0 execute -n orders -q \"SELECT 'x' AS b, 1 AS a, true AS c\" -o tsv")
                #expect(rows.standardOutput == "x\t1\tTrue\n", "\(rows)")
                let failed = try Self.shell(
                    product,
                    """
                    printf 'CREATE TABLE t (n int);\\nINSERT INTO nowhere VALUES (1);' > f; chmod 600 f; \
                    $0 execute -n orders -f f; echo $?; \
                    $0 execute -n orders -q "SELECT to_regclass('t') IS NULL AS gone" -o tsv; \
                    $0 execute -n orders -f - --no-transaction < f; echo $?; \
                    $0 execute -n orders -q "SELECT count(*) FROM t" -o tsv
                    """)
                #expect(failed.standardOutput == "1\nTrue\n1\n0\n", "\(failed)")
                #expect(failed.standardError.contains("(SQLSTATE 42P01)"), "\(failed)")
                #expect(failed.standardError.contains("in line 2"), "\(failed)")
                let working = try Self.shell(
                    product, "printf 'SELECT 1;\\n\\nSELECT\\n1/0;\\nSELECT 2' | $0 execute -n orders -f -")
                #expect(working.standardError.contains("begins in line 3"), "\(working)")
                #expect(working.standardError.contains("22012"), "\(working)")
                try Self.checkCompletion(product)
                let none = try Self.shell(product, "unset PGPASSWORD; $0 execute -n orders -q 'SELECT 1'")
                #expect(none.exitStatus == 1)
                #expect(none.standardError.contains("PGPASSWORD"), "\(none)")
            }
        }
    }
}
