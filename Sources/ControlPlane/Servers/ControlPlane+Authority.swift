import Catalog
import Instance
import Platform
import ServiceModel

/// The local certificate authority: what it may sign for.
extension ControlPlane {
    /// The certificate that servers are verified with; everybody who may pass the directories above the state
    /// directory can read it.
    public var authorityFile: String { localAuthority.certificateFile }

    var localAuthority: LocalCertificateAuthority {
        LocalCertificateAuthority(directory: paths.authority, runner: runner)
    }

    /// What a server's certificate names: its address, and names that lead to this machine alone. A server's
    /// bare name is none of them: the authority would have to be permitted a domain of that name.
    static func certificateNames(_ row: ServerRow) -> [String] { ["localhost", row.name + ".localhost"] }

    /// Limits the authority of an earlier version, which could sign for any name, to this machine's.
    ///
    /// The key stays. Every server gets a certificate that is valid under the old authority and the new one,
    /// and reads it; only then is the authority's certificate exchanged, so that no connection fails in
    /// between.
    func constrainAuthority(dryRun: Bool) throws -> [MaintenanceAction] {
        guard localAuthority.isUnconstrained else { return [] }
        let rows = try rows(resourceGroup: nil, dropped: false).filter(\.isOwn)
        return [
            act(
                nil, "constrain-authority", "ca/ca.crt",
                "it may sign for any name, not only for this machine's",
                dryRun: dryRun
            ) {
                for row in rows where row.phase == .complete { try certifyAnew(row) }
                let host = (try? endpoint())??.host
                let isName = host?.wholeMatch(of: /[0-9.]+|.*:.*/) == nil
                try localAuthority.constrain(
                    names: isName ? [host].compactMap(\.self) : [],
                    addresses: rows.map(\.host) + (isName ? [] : [host].compactMap(\.self)))
            }
        ]
    }

    private func certifyAnew(_ row: ServerRow) throws {
        guard let lock = try DirectoryLock.attempt(paths.serverLock(row.id)) else {
            throw Problem(.serverBusy, "server '\(row.name)' is busy; this is tried again")
        }
        defer { lock.release() }
        try issueCertificate(row, durable: true)
        if state(row) == .ready { try instance(row).reload() }
    }

    func issueCertificate(_ row: ServerRow, durable: Bool = true) throws(Problem) {
        guard let address = IPv4Address(row.host) else {
            throw Problem(.stateDamaged, "the catalog names the address '\(row.host)'")
        }
        let files = instancePaths(row)
        RestoreFaults.reached("configure: certificate")
        try localAuthority.issue(
            names: Self.certificateNames(row), addresses: [address.description],
            certificate: files.certificateFile, key: files.keyFile, durable: durable)
    }

    /// What `doctor` says of it.
    func authorityFindings() -> [DoctorFinding] {
        guard localAuthority.isUnconstrained else { return [] }
        return [
            DoctorFinding(
                level: .warning, subject: "certificate authority",
                message: "whoever trusts \(authorityFile) trusts it for every name there is",
                remedy:
                    "'pitr maintain' limits it to this machine's names; then exchange copies that were made of it."
            )
        ]
    }
}
