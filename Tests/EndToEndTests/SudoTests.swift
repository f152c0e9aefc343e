import Glibc
import Notation
import Platform
import TestKit
import Testing

extension EndToEnd {
    /// The commands that are clients of a server, called by an ordinary user through sudo, and without it.
    ///
    /// In a mount namespace of its own, so that the machine's sudoers stay as they are.
    @Suite(
        .enabled(
            if: getuid() == 0 && access("/usr/bin/sudo", X_OK) == 0,
            "only root can give an ordinary user the right to use sudo, where sudo is installed"))
    struct SudoTests {
        private static let person = 65_534

        /// Runs the lines as an ordinary user who may do everything by `$S`, which is sudo with the state.
        private static func shell(_ product: ProductUnderTest, _ lines: [String]) throws -> CommandResult {
            let rights = product.scratch.file("sudoers")
            try DurableFiles.write(Array("#\(person) ALL=(ALL) NOPASSWD: ALL\n".utf8), to: rights)
            chmod(rights, 0o440)
            let script = product.scratch.file("person.sh")
            let password = ProductUnderTest.adminPassword
            let head = [
                "export PGPASSWORD='\(password)'",
                "PITR='\(BuiltProduct.path("pitr"))'",
                "S=\"sudo -n env PITR_HOME=\(product.home) PGPASSWORD=\(password) $PITR\"",
            ]
            try DurableFiles.write(Array((head + lines).joined(separator: "\n").utf8), to: script)
            chmod(script, 0o644)
            return try SystemCommands().run(
                Command(
                    "unshare",
                    [
                        "-m", "--propagation", "private", "bash", "-c",
                        "mount --bind \(rights) /etc/sudoers && "
                            + "exec setpriv --reuid=\(person) --regid=\(person) "
                            + "--clear-groups bash \(script)",
                    ],
                    environment: [
                        "PATH": "\(PostgresFixture.binDirectory):/usr/sbin:/usr/bin:/sbin:/bin",
                        "HOME": "/nonexistent", "LC_ALL": "C",
                    ], workingDirectory: "/", timeoutSeconds: 50))
        }

        @Test(.timeLimit(.minutes(2)))
        func `through sudo a client has root's rights, and its environment serves an ordinary user`() throws {
            try ProductUnderTest.use("sudo") { product in
                #expect(chmod(product.scratch.path, 0o755) == 0)
                _ = try product.create("orders")
                let secret = product.scratch.file("secret.sql")
                try DurableFiles.write(Array("SELECT 'read by root' AS a".utf8), to: secret)
                chmod(secret, 0o600)
                let done = try Self.shell(
                    product,
                    [
                        "$S connect -n orders -- -XAtc '\\! id -u' -c 'SELECT current_user'",
                        "$S execute -n orders -f \(secret) -o tsv",
                        "eval \"$($S env -n orders)\"; echo $PGSSLMODE; id -u",
                        "psql -XAtc \"SELECT 'verified'\"",
                        "$S firewall-rule create -s orders -n by-sudo --start-ip-address 127.0.0.7 -o none",
                    ])
                #expect(
                    done.standardOutput
                        == "0\nbob\nread by root\nverify-full\n\(Self.person)\nverified\n", "\(done)")
                let log = try product.json("activity-log", "list").array ?? []
                let callers = log.compactMap { $0["caller"]?.string }
                #expect(callers.contains { $0.contains("nobody") && $0.contains("sudo") }, "\(callers)")

                // Without sudo the state is somebody else's, and nothing is told of it.
                let own = try Self.shell(
                    product,
                    [
                        "export PITR_HOME=\(product.home); for c in env connect 'execute -q SELECT'; do",
                        "$PITR $c -n orders; echo $?; done",
                    ])
                #expect(own.standardOutput == "1\n1\n1\n", "\(own)")
                #expect(!own.standardError.contains("127."), "\(own)")
            }
        }
    }
}
