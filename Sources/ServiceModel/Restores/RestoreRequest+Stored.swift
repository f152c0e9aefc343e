import Planning
import Platform
import PostgresFormat
import WALEvents

/// A restore as it waits in the catalog for its worker. The target is spread over fields, as it was before it
/// had a type of its own, so that what an earlier build queued is still read.
private struct StoredRestoreRequest: Codable {
    var resourceGroup: String
    var name: String?
    var sourceServer: String
    /// An instant in UTC.
    var restoreTime: String?
    /// The same as it was typed; earlier builds did not keep it.
    var typedTime: String?
    /// The moment at which the latest moment was asked for.
    var latestAsOf: String?
    /// Where the source's WAL ended then.
    var latestUpTo: LSN?
    var backupName: String?
    var lsn: LSN?
    var transaction: TransactionNumber?
    var isExclusive: Bool
    var restorePoint: String?
    var beforeEvent: String?
    var nth: Int?
    var isLatestEvent: Bool
    var minimumRows: Int64?
    var targetMode: TargetMode
    var timeline: TimelineID?
    var acceptedEnd: LSN?
    var tags: [String: String]?
    var tier: String?
    var skuName: String?
    var storageType: String?
    var geoRedundantBackup: Bool?
    var availabilityZone: String?
    /// Earlier builds had none.
    var allowedAddresses: [String]?
    var expiry: RequestedExpiry?
    var isHeld: Bool?
    var replaces: Bool?
    var listen: String?
    var port: Int?
}

extension RestoreRequest: Codable {
    public init(from decoder: any Decoder) throws {
        let stored = try StoredRestoreRequest(from: decoder)
        self.init(
            resourceGroup: stored.resourceGroup, sourceServer: stored.sourceServer,
            target: try stored.target())
        name = stored.name
        targetMode = stored.targetMode
        timeline = stored.timeline
        acceptedEnd = stored.acceptedEnd
        tags = stored.tags
        tier = stored.tier
        skuName = stored.skuName
        storageType = stored.storageType
        geoRedundantBackup = stored.geoRedundantBackup
        availabilityZone = stored.availabilityZone
        allowedAddresses = stored.allowedAddresses ?? []
        expiry = stored.expiry
        isHeld = stored.isHeld ?? false
        replaces = stored.replaces ?? false
        listen = stored.listen
        port = stored.port
    }

    public func encode(to encoder: any Encoder) throws {
        var stored = StoredRestoreRequest(
            resourceGroup: resourceGroup, name: name, sourceServer: sourceServer, isExclusive: false,
            isLatestEvent: false, targetMode: targetMode, timeline: timeline, acceptedEnd: acceptedEnd,
            tags: tags, tier: tier,
            skuName: skuName, storageType: storageType, geoRedundantBackup: geoRedundantBackup,
            availabilityZone: availabilityZone, allowedAddresses: allowedAddresses,
            expiry: expiry, isHeld: isHeld, replaces: replaces, listen: listen, port: port
        )
        stored.set(target)
        try stored.encode(to: encoder)
    }
}

extension StoredRestoreRequest {
    mutating func set(_ target: RequestedTarget) {
        switch target {
        case .latest(let instant): latestAsOf = instant?.description
        case .durable(let end, let instant): (latestUpTo, latestAsOf) = (end, instant.description)
        case .time(let time): (restoreTime, typedTime) = (time.instant.description, time.typed)
        case .backup(let name): backupName = name
        case .position(let position, let exclusive): (lsn, isExclusive) = (position, exclusive)
        case .transaction(let number, let exclusive): (transaction, isExclusive) = (number, exclusive)
        case .restorePoint(let name): restorePoint = name
        case .event(let event):
            beforeEvent = event.words
            minimumRows = event.choice.minimumRows
            switch event.choice.place {
            case .only: break
            case .latest: isLatestEvent = true
            case .nth(let number): nth = number
            }
        }
    }

    func target() throws(Problem) -> RequestedTarget {
        if let latestAsOf {
            let instant = try Self.instant(latestAsOf)
            return latestUpTo.map { .durable(upTo: $0, asOf: instant) } ?? .latest(asOf: instant)
        }
        if let restoreTime {
            return .time(RequestedTime(try Self.instant(restoreTime), typed: typedTime ?? restoreTime))
        }
        if let backupName { return .backup(backupName) }
        if let lsn { return .position(lsn, exclusive: isExclusive) }
        if let transaction { return .transaction(transaction, exclusive: isExclusive) }
        if let restorePoint { return .restorePoint(restorePoint) }
        guard let beforeEvent else { return .latest(asOf: nil) }
        let place: EventChoice.Place = if let nth { .nth(nth) } else { isLatestEvent ? .latest : .only }
        return .event(try RequestedEvent(beforeEvent, EventChoice(place, minimumRows: minimumRows)))
    }

    private static func instant(_ text: String) throws(Problem) -> PostgresTimestamp {
        guard case .success(let parsed) = TimestampParser.parse(text) else {
            throw Problem(.stateDamaged, "a queued restore has no readable time", detail: "'\(text)'")
        }
        return parsed.instant
    }
}
