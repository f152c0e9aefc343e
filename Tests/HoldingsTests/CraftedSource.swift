import Planning
import Platform
import PostgresFormat
import Repository
import TestKit
import WALEvents

@testable import Holdings

/// An archive of WAL that was made up, with a base backup that ends where the WAL begins.
struct CraftedSource {
    let segments: [ArchivedSegment]
    private let scratch: ScratchDirectory
    private let inventory: Inventory
    private let wal: HeldWAL
    /// What the archive holds.
    let listing: ArchiveListing

    /// - Parameter unarchived: how many segments lie beside the archive, as those of a source that runs do.
    init(_ craft: WALCraft, from first: SegmentName, unarchived: Int = 0) throws {
        scratch = try ScratchDirectory("crafted")
        let layout = RepositoryLayout(root: scratch.file("repository"))
        try layout.create(
            RepositoryIdentity(
                serverID: "s", systemIdentifier: craft.systemIdentifier, postgresMajor: 15))
        let archive = WALArchive(layout: layout)
        for (name, bytes) in craft.segments.dropLast(unarchived) {
            try DurableFiles.write(bytes, to: scratch.file("pushed"), durable: false)
            _ = try archive.push(path: scratch.file("pushed"), name: name.fileName)
        }
        segments = try archive.segments()
        listing = try archive.listing()
        var locations = Dictionary(
            uniqueKeysWithValues: segments.map { ($0.name, SegmentLocation.archived($0)) })
        for (name, bytes) in craft.segments.suffix(unarchived) {
            let path = scratch.file(name.fileName)
            try DurableFiles.write(bytes, to: path, durable: false)
            locations[name] = .file(path)
        }
        let backup = InventoryBackup(
            name: "base", timeline: first.timeline, startLSN: first.start, stopLSN: first.start,
            startTime: PostgresTimestamp(microseconds: 1), stopTime: PostgresTimestamp(microseconds: 2),
            dataBytes: 0,
            minima: ParameterMinima(
                maxConnections: 1, maxWorkerProcesses: 1, maxWalSenders: 1, maxPreparedTransactions: 0,
                maxLocksPerTransaction: 1))
        inventory = Inventory(
            serverName: "s", segmentSize: .standard, backups: [backup],
            segments: segments.compactMap { segment in
                segment.summary.map { InventorySegment(name: segment.name, summary: $0) }
            }, damaged: [], latest: nil)
        wal = HeldWAL(
            archive: archive, locations: locations,
            basis: HeldWAL.Basis(listing: listing, path: inventory.path, histories: [:]))
    }

    /// Takes what is archived away, so that it can only be known: but for the last segment, out of which a
    /// record may cross.
    func removeArchived() throws {
        for segment in segments.dropLast() {
            _ = try DurableFiles.removeFile(segment.path)
            _ = try DurableFiles.removeFile(wal.archive.layout.indexPath(of: segment.name))
        }
    }

    /// What is held where segments are missing, or the WAL ends within one.
    func held(
        without missing: Set<UInt64> = [], ending part: (number: UInt64, at: LSN)? = nil,
        damaged: [DamagedSegment] = []
    ) -> HeldSource {
        var inventory = inventory
        inventory.segments.removeAll { missing.contains($0.name.number) }
        inventory.damaged = damaged
        var locations = wal.locations.filter { !missing.contains($0.key.number) }
        if let part, let archived = segments.first(where: { $0.name.number == part.number }) {
            locations[archived.name] = .part(archived, upTo: part.at)
        }
        return HeldSource(
            inventory: inventory, wal: HeldWAL(archive: wal.archive, locations: locations),
            systemIdentifier: 1)
    }

    func reader(minimumRows: Int64) -> EventReader {
        EventReader(
            inventory: inventory, wal: wal, interest: RowInterest(minimumRows: minimumRows),
            cancellation: CancellationFlag()
        ) { _ in CatalogSource(version: .v15) }
    }
}
