#if canImport(Glibc)
    import Glibc
#endif
public import Platform

/// The machine's own certificate authority: signs the servers' certificates, so that clients can verify them.
///
/// Keys are EC P-256 and made by the `openssl` command. Certificates hold for ten years: nobody renews a
/// lab's. The authority's own says for which names and addresses it may speak (`PermittedNames`); where
/// another one of this machine's is needed it is made anew with the same key, and all that was signed before
/// stays valid.
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
    /// What the certificate permits, one a line; an authority of an earlier version has none, and may sign
    /// for any name.
    private var permittedFile: String { directory + "/permitted" }

    /// Makes the authority unless it is there. Two processes may try at once: one of them wins, both use the
    /// result. Everybody may read the certificate and get to it; the key is closed.
    public func ensure() throws(Problem) {
        if !exists {
            let draft = directory + ".new-\(getpid())"
            try? discard(draft)
            try TextFile.makeDirectory(draft)
            defer { try? discard(draft) }
            try openssl([
                "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out",
                draft + "/ca.key",
            ])
            guard chmod(draft + "/ca.key", 0o600) == 0 else {
                throw TextFile.failure("cannot close the key file")
            }
            try certify(.base, key: draft + "/ca.key", in: draft)
            guard rename(draft, directory) == 0 || exists else {
                throw TextFile.failure("cannot put the certificate authority in place")
            }
        }
        publish()
    }

    /// Signs content: what `openssl dgst -sha256 -verify` checks with the certificate's public key.
    ///
    /// - Parameter folder: for files that are gone when it returns.
    public func sign(_ content: [UInt8], in folder: String) throws(Problem) -> [UInt8] {
        try ensure()
        let (input, output) = (folder + "/to-sign", folder + "/signature")
        defer {
            for path in [input, output] { unlink(path) }
        }
        try DurableFiles.write(content, to: input, durable: false)
        try openssl(["dgst", "-sha256", "-sign", keyFile, "-out", output, input])
        return try DurableFiles.read(output)
    }

    private var exists: Bool { access(certificateFile, R_OK) == 0 && access(keyFile, R_OK) == 0 }

    /// Whether there is an authority that may sign for any name there is.
    public var isUnconstrained: Bool { exists && access(permittedFile, F_OK) != 0 }

    /// Limits an authority of an earlier version to this machine's names, and to those given. Certificates
    /// that it signed for others are invalid from then on.
    public func constrain(names: [String], addresses: [String]) throws(Problem) {
        try extend(permitted ?? .base, names: names, addresses: addresses)
    }

    /// Lets the authority speak for what a certificate is going to name.
    private func permit(names: [String], addresses: [String]) throws(Problem) {
        guard let permitted, !permitted.covers(names: names, addresses: addresses) else { return }
        try extend(permitted, names: names, addresses: addresses)
    }

    private var permitted: PermittedNames? {
        TextFile.read(permittedFile).map { PermittedNames(text: $0) }
    }

    private func extend(_ known: PermittedNames, names: [String], addresses: [String]) throws(Problem) {
        let lock = try DirectoryLock.wait(directory + "/lock")
        defer { lock.release() }
        // Another process may have extended it meanwhile.
        let wanted = (permitted ?? known).with(names: names, addresses: addresses)
        let draft = directory + "/new-\(getpid())"
        try? discard(draft)
        try TextFile.makeDirectory(draft)
        defer { try? discard(draft) }
        try certify(wanted, key: keyFile, in: draft)
        try install(draft + "/ca.crt", as: certificateFile, mode: 0o644, true)
        // Last: what stands there is in the certificate.
        try install(draft + "/permitted", as: permittedFile, mode: 0o644, true)
    }

    /// Writes a certificate for the key that permits these names, and what it permits.
    private func certify(_ permitted: PermittedNames, key: String, in draft: String) throws(Problem) {
        try TextFile.replace(
            draft + "/config",
            with: Self.configuration(
                commonName: "pitr local authority",
                extensions: [
                    "basicConstraints = critical, CA:TRUE, pathlen:0",
                    "keyUsage = critical, keyCertSign, cRLSign", "extendedKeyUsage = serverAuth",
                    "nameConstraints = critical, " + permitted.constraints, "subjectKeyIdentifier = hash",
                ]))
        try openssl([
            "req", "-x509", "-new", "-config", draft + "/config", "-key", key, "-days", Self.days, "-out",
            draft + "/ca.crt",
        ])
        unlink(draft + "/config")
        try TextFile.replace(draft + "/permitted", with: permitted.text, mode: 0o644)
    }

    /// Lets everybody pass to the certificate; what else lies beside it is closed by itself.
    private func publish() {
        let parent = directory.lastIndex(of: "/").map { String(directory[..<$0]) } ?? "/"
        for (path, mode) in [(parent, 0o011), (directory, 0o011), (certificateFile, 0o044)] {
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & mode_t(mode) != mode else { continue }
            chmod(path, status.st_mode & 0o7777 | mode_t(mode))
        }
    }

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
        try permit(names: names, addresses: addresses)
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
