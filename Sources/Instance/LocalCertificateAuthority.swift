#if canImport(Glibc)
    import Glibc
#endif
public import Platform

/// The machine's own certificate authority: signs the servers' certificates, so that clients can verify them.
///
/// Keys are EC P-256 and made by the `openssl` command. Certificates hold for ten years: nobody renews a
/// lab's.
public struct LocalCertificateAuthority: Sendable {
    /// Holds `ca.crt` and `ca.key`.
    public let directory: String
    private let runner: any CommandRunner

    private static let days = "3650"
    /// Longer common names are not allowed in a certificate.
    private static let longestCommonName = 64

    public init(directory: String, runner: any CommandRunner) {
        self.directory = directory
        self.runner = runner
    }

    public var certificateFile: String { directory + "/ca.crt" }
    var keyFile: String { directory + "/ca.key" }

    /// Makes the authority unless it is there. Two processes may try at once: one of them wins, both use the
    /// result.
    public func ensure() throws(Problem) {
        if exists { return }
        let draft = directory + ".new-\(getpid())"
        try? discard(draft)
        try TextFile.makeDirectory(draft)
        defer { try? discard(draft) }
        try TextFile.replace(
            draft + "/config",
            with: Self.configuration(
                commonName: "pitr local authority",
                extensions: [
                    "basicConstraints = critical, CA:TRUE, pathlen:0",
                    "keyUsage = critical, keyCertSign, cRLSign",
                    "subjectKeyIdentifier = hash",
                ]))
        try openssl([
            "req", "-x509", "-config", draft + "/config", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", Self.days, "-keyout", draft + "/ca.key",
            "-out",
            draft + "/ca.crt",
        ])
        guard chmod(draft + "/ca.key", 0o600) == 0 else {
            throw TextFile.failure("cannot close the key file")
        }
        unlink(draft + "/config")
        guard rename(draft, directory) == 0 || exists else {
            throw TextFile.failure("cannot put the certificate authority in place")
        }
    }

    private var exists: Bool { access(certificateFile, R_OK) == 0 && access(keyFile, R_OK) == 0 }

    /// Writes a new key and a certificate signed by this authority, each as a whole, the key first.
    ///
    /// - Parameters:
    ///   - addresses: literal IP addresses under which clients reach the server.
    ///   - names: its DNS names; the first one is the certificate's common name.
    ///   - durable: false leaves the two files to a later flush of the file system.
    public func issue(
        names: [String], addresses: [String], certificate: String, key: String, durable: Bool = true
    ) throws(Problem) {
        try ensure()
        let alternatives = names.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }
        let commonName =
            (names + addresses).first { $0.utf8.count <= Self.longestCommonName } ?? "pitr server"
        let draft = certificate + ".draft-\(getpid())"
        try? discard(draft)
        try TextFile.makeDirectory(draft)
        defer { try? discard(draft) }
        try TextFile.replace(
            draft + "/config",
            with: Self.configuration(
                commonName: commonName,
                extensions: [
                    "basicConstraints = critical, CA:FALSE",
                    "keyUsage = critical, digitalSignature, keyEncipherment", "extendedKeyUsage = serverAuth",
                    "subjectKeyIdentifier = hash", "authorityKeyIdentifier = keyid",
                ] + (alternatives.isEmpty ? [] : ["subjectAltName = " + alternatives.joined(separator: ", ")])
            ), durable: false)
        try openssl([
            "req", "-x509", "-config", draft + "/config", "-CA", certificateFile, "-CAkey", keyFile,
            "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", Self.days,
            "-keyout", draft + "/key", "-out", draft + "/certificate",
        ])
        try install(draft + "/key", as: key, mode: 0o600, durable)
        try install(draft + "/certificate", as: certificate, mode: 0o644, durable)
    }

    private func install(
        _ source: String, as path: String, mode: mode_t, _ durable: Bool
    ) throws(Problem) {
        guard let text = TextFile.read(source) else { throw TextFile.failure("cannot read \(source)") }
        try TextFile.replace(path, with: text, mode: mode, durable: durable)
    }

    private func openssl(_ arguments: [String]) throws(Problem) {
        let result = try runner.run(Command("openssl", arguments, workingDirectory: "/", timeoutSeconds: 60))
        guard result.succeeded else {
            throw Problem(.system, "cannot make a certificate", detail: result.words)
        }
    }

    private func discard(_ draft: String) throws(Problem) {
        for name in TextFile.names(in: draft) { unlink(draft + "/" + name) }
        rmdir(draft)
    }

    /// OpenSSL's configuration for one certificate, independent of the machine's own.
    private static func configuration(commonName: String, extensions: [String]) -> String {
        """
        [req]
        distinguished_name = name
        prompt = no
        x509_extensions = ext
        [name]
        CN = \(commonName)
        [ext]
        \(extensions.joined(separator: "\n"))

        """
    }
}
