import Platform
import PostgresClient
import PostgresFormat

/// The primary of a source, at whichever of its addresses it answers.
struct SourcePrimary {
    let connection: ReplicationConnection
    let identity: SystemIdentity
    let address: ServerAddress

    /// Tries one address after the other. A standby has only what has reached it: what its primary commits is
    /// not confirmed by what it sends, and a slot there keeps nothing on the primary. It may be promoted,
    /// so it is to be asked again and again.
    ///
    /// - Parameters:
    ///   - system: the identifier of the source; who has another one is not it.
    ///   - timeline: what was received already. Where several addresses are known, a server that is behind it
    ///     was the primary before a promotion.
    ///
    /// Throws `.stateDamaged` where everybody who answers is somebody else, `.queryFailed` otherwise.
    static func connect(
        _ parameters: ConnectionParameters, system: UInt64, atLeast timeline: TimelineID?
    ) throws(Problem) -> SourcePrimary {
        var refusals: [(address: ServerAddress, problem: Problem)] = []
        let all = parameters.each
        for (one, address) in zip(all, parameters.addresses) {
            do throws(Problem) {
                return try take(one, address, system, all.count > 1 ? timeline : nil)
            } catch {
                refusals.append((address, error))
            }
        }
        if refusals.count == 1 { throw refusals[0].problem }
        let isElse = refusals.allSatisfy { $0.problem.code == .stateDamaged }
        throw Problem(
            isElse ? .stateDamaged : .queryFailed, "no address of the source has its primary",
            detail: refusals.map { refusal in
                let problem = refusal.problem
                return "\(refusal.address): "
                    + [problem.message, problem.detail].compactMap { $0 }.joined(separator: ", ")
            }.joined(separator: "; "))
    }

    private static func take(
        _ parameters: ConnectionParameters, _ address: ServerAddress, _ system: UInt64, _ held: TimelineID?
    ) throws(Problem) -> SourcePrimary {
        let connection = try ReplicationConnection(parameters)
        do throws(Problem) {
            let identity = try connection.identifySystem()
            guard identity.systemIdentifier == system else {
                throw Problem(
                    .stateDamaged, "the server that answers is not the one that was attached",
                    detail: "its system identifier is \(identity.systemIdentifier), "
                        + "that of its backups \(system)")
            }
            guard try !connection.isStandby() else {
                throw Problem(
                    .queryFailed, "the server that answers is a standby",
                    detail: "WAL is received from the primary, or from this one once it is promoted")
            }
            if let held, identity.timeline < held {
                throw Problem(
                    .queryFailed, "the server that answers was the primary before a promotion",
                    detail: "it is on timeline \(identity.timeline), WAL of \(held) was received already")
            }
            return SourcePrimary(connection: connection, identity: identity, address: address)
        } catch {
            connection.close()
            throw error
        }
    }
}
