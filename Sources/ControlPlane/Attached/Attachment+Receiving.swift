import Capture
import Platform
import PostgresClient
import Repository
import ServiceModel

/// An attachment in the words of those who connect and receive.
extension Attachment {
    func connection(password: String?, as name: String) -> ConnectionParameters {
        var parameters = ConnectionParameters(
            host: host, port: port, user: user, password: password,
            sslMode: isLocal ? nil : security.rawValue, sslRootCertificate: rootCertificate,
            applicationName: name)
        parameters.alternatives = (alternatives ?? []).map { ServerAddress(host: $0.host, port: $0.port) }
        return parameters
    }

    func receiverSlot() throws(Problem) -> ReceiverSettings.Slot {
        guard let text = slot.name else { return .none }
        guard let name = SlotName(text) else {
            throw Problem(.stateDamaged, "the catalog names the impossible slot '\(text)'")
        }
        // A permanent one where nothing bounded it was made because somebody said so.
        if case .permanent = slot { return .permanent(name, mayBeUnbounded: slotBound == nil) }
        return .temporary(name)
    }
}

extension SlotState {
    /// As the source told last, else as it was attached; nil where no slot is used.
    init?(_ attachment: Attachment, _ status: ReceiverStatus?, isWatched: Bool) {
        guard let name = attachment.slot.name else { return nil }
        let source = status?.source
        let wasTemporary = attachment.slot == .temporary(name: name)
        let bound = source.map { $0.slotKeepSize == "-1" ? nil : $0.slotKeepSize } ?? attachment.slotBound
        let limits = [
            attachment.walLimit ?? Attachment.defaultWALLimit,
            bound.flatMap { ReplicationConnection.bytes($0) } ?? .max,
        ]
        self.init(
            name: name, isTemporary: source?.slotIsTemporary ?? wasTemporary, bound: bound,
            held: source?.held ?? 0, limit: limits.min() ?? .max, isWatched: isWatched)
        renewedAt = status?.renewal?.at
        renewal = status?.renewal.map { renewal in
            switch renewal.reason {
            case .limit: .limit
            case .source: .source
            case .missing: .missing
            }
        }
    }
}
