import Glibc
import Platform
import TestKit
import Testing

@testable import Instance

/// What the local certificate authority may sign for.
@Suite struct AuthorityTests {
    private let scratch: ScratchDirectory
    private let authority: LocalCertificateAuthority

    init() throws {
        scratch = try ScratchDirectory("ca")
        authority = LocalCertificateAuthority(directory: scratch.file("ca"), runner: SystemCommands())
        try authority.ensure()
    }

    private func openssl(_ arguments: [String]) throws -> CommandResult {
        try SystemCommands().run(Command("openssl", arguments, workingDirectory: "/", timeoutSeconds: 30))
    }

    /// Whether a client that trusts the authority takes the certificate for that of `host`.
    private func isTrusted(_ certificate: String, for host: String) throws -> Bool {
        let option = host.contains(":") || !host.contains { $0.isLetter } ? "-verify_ip" : "-verify_hostname"
        return try openssl(["verify", "-CAfile", authority.certificateFile, option, host, certificate])
            .succeeded
    }

    /// Signs with the authority's key, as whoever has stolen it would.
    private func forge(_ host: String, alternative: String) throws -> String {
        let (key, request, certificate) = (scratch.file("k"), scratch.file("r"), scratch.file("c"))
        for arguments in [
            [
                "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout",
                key, "-out", request, "-subj", "/CN=\(host)", "-addext", "subjectAltName=\(alternative)",
            ],
            [
                "x509", "-req", "-in", request, "-CA", authority.certificateFile, "-CAkey", authority.keyFile,
                "-set_serial", "7", "-days", "1", "-copy_extensions", "copyall", "-out", certificate,
            ],
        ] {
            let result = try openssl(arguments)
            #expect(result.succeeded, "\(result)")
        }
        return certificate
    }

    /// As earlier versions made them: with the same key, for any name.
    private func makeOld() throws {
        try scratch.write(
            "config",
            """
            [req]
            distinguished_name = name
            prompt = no
            x509_extensions = ext
            [name]
            CN = pitr local authority
            [ext]
            basicConstraints = critical, CA:TRUE, pathlen:0
            keyUsage = critical, keyCertSign, cRLSign
            subjectKeyIdentifier = hash

            """)
        let made = try openssl([
            "req", "-x509", "-new", "-config", scratch.file("config"), "-key", authority.keyFile, "-days",
            "9",
            "-out", authority.certificateFile,
        ])
        #expect(made.succeeded, "\(made)")
        unlink(authority.directory + "/permitted")
    }

    private func issue(_ names: [String], _ addresses: [String]) throws -> String {
        let certificate = scratch.file("server.crt")
        try authority.issue(
            names: names, addresses: addresses, certificate: certificate, key: scratch.file("server.key"))
        return certificate
    }

    @Test func `nobody can use the authority to be somebody else`() throws {
        for (host, alternative) in [
            ("login.microsoftonline.com", "DNS:login.microsoftonline.com"), ("192.0.2.1", "IP:192.0.2.1"),
        ] {
            let forged = try forge(host, alternative: alternative)
            #expect(try !isTrusted(forged, for: host))
        }
        let own = try issue(["localhost", "orders.localhost"], ["127.1.2.3", "::1"])
        for host in ["127.1.2.3", "::1", "orders.localhost"] { #expect(try isTrusted(own, for: host)) }
    }

    @Test func `another name of this machine is permitted when it is needed, and nothing is forgotten`()
        throws
    {
        let first = try issue(["localhost"], ["127.1.2.3"])
        let kept = scratch.file("kept.crt")
        #expect(try openssl(["x509", "-in", first, "-out", kept]).succeeded)
        let second = try issue(["Db.example.com"], ["192.0.2.7", "2001:db8::7"])
        for host in ["db.example.com", "192.0.2.7", "2001:db8::7"] {
            #expect(try isTrusted(second, for: host), "\(host)")
        }
        #expect(try isTrusted(kept, for: "127.1.2.3"))
        #expect(try !isTrusted(forge("192.0.2.8", alternative: "IP:192.0.2.8"), for: "192.0.2.8"))
    }

    @Test func `an authority of an earlier version is limited, and its servers' certificates stay valid`()
        throws
    {
        try makeOld()
        #expect(authority.isUnconstrained)
        let forged = try forge("example.com", alternative: "DNS:example.com")
        #expect(try isTrusted(forged, for: "example.com"))
        let own = try issue(["localhost", "orders.localhost"], ["127.1.2.3"])
        #expect(authority.isUnconstrained)
        #expect(try isTrusted(own, for: "127.1.2.3"))
        try authority.constrain(names: [], addresses: ["127.1.2.3"])
        #expect(!authority.isUnconstrained)
        #expect(try isTrusted(own, for: "127.1.2.3"))
        #expect(try !isTrusted(forged, for: "example.com"))
    }

    @Test func `everybody may read the certificate and nobody the key`() throws {
        #expect(DurableFiles.status(authority.certificateFile)?.permissions == 0o644)
        #expect(DurableFiles.status(authority.keyFile)?.permissions == 0o600)
        for directory in [authority.directory, scratch.path] {
            #expect(DurableFiles.status(directory).map { $0.permissions & 0o077 } == 0o011)
        }
    }
}
