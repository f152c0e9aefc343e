import Catalog
import Instance
import Notation
import Platform
import PostgresClient
import PostgresFormat
import ServiceModel

/// What attaching a server needs there, and whether it is there.
struct AttachSurvey {
    let request: AttachRequest
    /// How it would be reached; its slot is not chosen yet.
    private let attachment: Attachment
    /// As the connection is made: with the security that is in force.
    let parameters: ConnectionParameters

    init(_ request: AttachRequest) throws(Problem) {
        self.request = request
        let first = request.addresses.first ?? SourceAddress(host: "", port: 0)
        var attachment = Attachment(
            host: first.host, port: first.port, user: request.user, security: Self.security(request),
            rootCertificate: request.rootCertificate, slot: .none, slotBound: nil)
        attachment.alternatives = request.addresses.count > 1 ? Array(request.addresses.dropFirst()) : nil
        attachment.walLimit = request.walLimit
        attachment.maxRate = request.maxRate
        self.attachment = attachment
        parameters = attachment.connection(password: request.password, as: "pitr attach")
        guard !request.user.isEmpty, request.addresses.allSatisfy({ !$0.host.isEmpty && $0.port > 0 }),
            !request.addresses.isEmpty
        else { throw Problem(.invalidParameterValue, "a source has a host, a port and a user") }
        try Self.validate(walLimit: request.walLimit)
        try Self.validate(maxRate: request.maxRate)
    }

    /// A local socket needs none; anything else is verified unless something weaker was named.
    static func security(_ request: AttachRequest) -> Attachment.Security {
        request.security ?? (request.isLocal ? .disable : .verifyFull)
    }

    static func validate(walLimit: UInt64?) throws(Problem) {
        guard let walLimit, walLimit < Attachment.leastWALLimit else { return }
        throw Problem(
            .invalidParameterValue, "a slot cannot be given up at \(ByteText.of(walLimit)) already",
            hint: "Give \(ByteText.of(Attachment.leastWALLimit)) or more.")
    }

    static func validate(maxRate: Int?) throws(Problem) {
        guard let maxRate, !BaseBackupCommand.rates.contains(maxRate) else { return }
        throw Problem(
            .invalidParameterValue, "a rate of \(maxRate) kB/s is not possible",
            hint: "Give 32 to 1048576 kilobytes a second.")
    }

    /// How the server is attached that was found.
    func attachment(to server: ReplicatedServer) throws(Problem) -> Attachment {
        var complete = attachment
        (complete.slot, complete.slotBound) = (try slot(on: server), server.slotKeepSize)
        if request.isSynchronous { complete.synchronousName = try slotName().description }
        return complete
    }

    /// The name of the slot that was asked for, or one made of the server's name.
    func slotName() throws(Problem) -> SlotName {
        let text =
            request.slotName
            ?? "pitr_" + String(request.name.lowercased().map { $0 == "-" ? "_" : $0 }.prefix(58))
        guard let name = SlotName(text) else {
            throw Problem(
                .invalidParameterValue, "'\(text)' cannot be the name of a replication slot",
                hint: "Use 1 to 63 small letters, digits and underscores.")
        }
        return name
    }

    /// The slot that is made: a permanent one only where the source bounds what it may hold back, or somebody
    /// said that it may be unbounded.
    func slot(on server: ReplicatedServer) throws(Problem) -> Attachment.Slot {
        if request.withoutSlot { return .none }
        let name = try slotName().description
        return server.slotKeepSize != nil || request.acceptsUnboundedSlot
            ? .permanent(name: name) : .temporary(name: name)
    }

    // MARK: What is needed

    func report(_ findings: [Finding]) -> AttachReport {
        let role = SQLText.identifier(request.user)
        let kind = request.isLocal ? "local" : "hostssl"
        let address = request.isLocal ? "" : " ADDRESS-OF-THIS-MACHINE/32"
        return AttachReport(
            sql: ["CREATE ROLE \(role) LOGIN REPLICATION PASSWORD '…'"],
            accessLine: "\(kind) replication \(role)\(address) scram-sha-256",
            costs: [
                "The role can read everything that is stored there, since a backup is all of it; it can "
                    + "change nothing.",
                "One walsender (of max_wal_senders) is taken while WAL is received, and one more during a "
                    + "base backup.",
                "No setting is changed, nothing is restarted, there is no archive_command and no superuser; "
                    + "the line in pg_hba.conf takes a reload.",
            ] + synchronousCosts,
            findings: findings)
    }

    private var synchronousCosts: [String] {
        guard request.isSynchronous, let name = try? slotName() else { return [] }
        return [
            "Commits wait for the stream once it is named there, which is for you to do: "
                + "ALTER SYSTEM SET synchronous_standby_names = '\(name)'; SELECT pg_reload_conf(). From then "
                + "on they wait for ever while nobody receives, pitr being down or the network. To take it "
                + "back: \(AttachedFindings.stopWaiting)"
        ]
    }

    /// Connects and looks; changes nothing. The server is nil where it could not be asked.
    func look() -> (ReplicatedServer?, [Finding]) {
        let server: ReplicatedServer
        do throws(Problem) {
            let connection = try ReplicationConnection(parameters)
            defer { connection.close() }
            server = try connection.describeServer()
        } catch {
            return (nil, [Self.refusal(error, request)])
        }
        return (server, findings(server))
    }

    private func findings(_ server: ReplicatedServer) -> [Finding] {
        var found: [Finding] = [
            .init(.ok, "connection", "\(request.user) may replicate; PostgreSQL \(server.versionText)")
        ]
        let major = WALVersion.major(ofServerVersion: server.version)
        if !PostgresInstallation.supported.contains(major) {
            found.append(
                .init(
                    .problem, "version", "PostgreSQL \(major) is not one that pitr reads",
                    remedy: "It can be \(WALVersion.supportedWords)."))
        }
        if server.isStandby {
            found.append(
                .init(
                    .problem, "standby", "it is a standby, whose backups depend on its primary",
                    remedy: "Attach the primary: its host is in the standby's primary_conninfo."))
        }
        if request.withoutSlot {
            found.append(
                .init(.warning, "slot", "without a slot WAL may be gone before it is received: a gap"))
        } else if server.maxReplicationSlots == 0 {
            found.append(
                .init(
                    .problem, "slot", "max_replication_slots is 0 there",
                    remedy: "Attach with --no-slot, or raise it (a restart)."))
        } else if let bound = server.slotKeepSize {
            found.append(.init(.ok, "slot", "a permanent slot may hold back at most \(bound) of WAL"))
        } else {
            found.append(unboundedFinding)
        }
        found += synchronousCosts.map { .init(.warning, "synchronous", $0) }
        if Self.security(request) != .verifyFull, !request.isLocal {
            found.append(
                .init(
                    .warning, "TLS",
                    "with sslmode \(Self.security(request).rawValue) nobody knows who answers there",
                    remedy: "Use verify-full, with --ssl-root-certificate for an authority of your own."))
        }
        return found
    }

    private var unboundedFinding: Finding {
        let bound = AttachedFindings.boundIt
        return request.acceptsUnboundedSlot
            ? .init(
                .warning, "slot",
                "max_slot_wal_keep_size is -1: while nobody receives, WAL can fill the source's disk",
                remedy: bound)
            : .init(
                .warning, "slot",
                "max_slot_wal_keep_size is -1, so the slot is temporary: a longer outage may leave a gap",
                remedy: bound)
    }

    /// Why the source lets nobody replicate, and what is possible instead.
    static func refusal(_ problem: Problem, _ request: AttachRequest) -> Finding {
        let words = [problem.message, problem.detail].compactMap { $0 }.joined(separator: ": ")
        let remedy: String
        if words.contains("no pg_hba.conf entry") {
            remedy =
                "Add the line to its pg_hba.conf and reload it. A managed service without physical "
                + "replication, such as Azure's own, cannot be attached: bring its data in with pg_dump."
        } else if words.contains("role") && words.contains("does not exist") {
            remedy = "Make the role, with the statement above; --user names another one."
        } else if words.contains("must be superuser or replication role")
            || words.contains("permission denied")
        {
            remedy = "ALTER ROLE \(SQLText.identifier(request.user)) REPLICATION"
        } else if words.contains("password") {
            remedy = "Give the role's password with --password-file; - is standard input."
        } else if words.contains("SSL") || words.contains("certificate") {
            remedy =
                "Give its authority with --ssl-root-certificate, or name something weaker with --ssl-mode."
        } else {
            remedy = "Look whether it runs, and whether that host and port are its own."
        }
        return .init(.problem, "connection", words, remedy: remedy)
    }
}
