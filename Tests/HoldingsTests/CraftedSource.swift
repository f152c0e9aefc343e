import Planning
import Platform
import PostgresFormat
import Repository
import TestKit
import WALEvents

@testable import Holdings

/// An archive of WAL that was made up, with a base backup that ends where the WAL begins.
struct CraftedSource {
    private let scratch: ScratchDirectory
    private let archive: WALArchive
    private let backup: InventoryBackup
    /// Those beside the archive.
    private let files: [SegmentName: String]
    private var seen: Seen

    /// The archive as it was when it was looked at, and what is concluded from that.
    private struct Seen {
        let listing: ArchiveListing
        let inventory: Inventory
        let wal: HeldWAL

        init(_ archive: WALArchive, _ backup: InventoryBackup, _ files: [SegmentName: String]) throws {
            listing = try archive.listing()
            var locations: [SegmentName: SegmentLocation] = [:]
            var summaries: [InventorySegment] = []
            // A whole one comes before a partial one of the same name.
            for segment in listing.segments where locations[segment.name] == nil {
                locations[segment.name] = .archived(segment)
                if let summary = segment.summary {
                    summaries.append(InventorySegment(name: segment.name, summary: summary))
                }
            }
            for (name, path) in files where locations[name] == nil { locations[name] = .file(path) }
            inventory = Inventory(
                serverName: "s", segmentSize: .standard, backups: [backup], segments: summaries, damaged: [],
                latest: nil)
            wal = HeldWAL(
                archive: archive, locations: locations,
                basis: HeldWAL.Basis(listing: listing, path: inventory.path, histories: [:]))
        }
    }

    /// - Parameters:
    ///   - unarchived: how many segments lie beside the archive, as those of a source that runs do.
    ///   - memory: nil where files are read each time.
    init(
        _ craft: WALCraft, from first: SegmentName, unarchived: Int = 0, memory: RepositoryMemory? = nil
    ) throws {
        let scratch = try ScratchDirectory("crafted")
        let layout = RepositoryLayout(root: scratch.file("repository"), memory: memory)
        try layout.create(
            RepositoryIdentity(
                serverID: "s", systemIdentifier: craft.systemIdentifier, postgresMajor: 15))
        let archive = WALArchive(layout: layout)
        for (name, bytes) in craft.segments.dropLast(unarchived) {
            try DurableFiles.write(bytes, to: scratch.file("pushed"), durable: false)
            _ = try archive.push(path: scratch.file("pushed"), name: name.fileName)
        }
        var files: [SegmentName: String] = [:]
        for (name, bytes) in craft.segments.suffix(unarchived) {
            let path = scratch.file(name.fileName)
            try DurableFiles.write(bytes, to: path, durable: false)
            files[name] = path
        }
        backup = InventoryBackup(
            name: "base", timeline: first.timeline, startLSN: first.start, stopLSN: first.start,
            startTime: PostgresTimestamp(microseconds: 1), stopTime: PostgresTimestamp(microseconds: 2),
            dataBytes: 0,
            minima: ParameterMinima(
                maxConnections: 1, maxWorkerProcesses: 1, maxWalSenders: 1, maxPreparedTransactions: 0,
                maxLocksPerTransaction: 1))
        seen = try Seen(archive, backup, files)
        (self.scratch, self.archive, self.files) = (scratch, archive, files)
    }

    var segments: [ArchivedSegment] { seen.listing.segments }
    /// What the archive holds.
    var listing: ArchiveListing { seen.listing }
    /// Each segment once, wherever it lies.
    var path: [SegmentName] { seen.wal.locations.keys.sorted() }

    // MARK: An archive that changes

    /// The same source as its files are now; this one stays as it was seen.
    func seenAgain() throws -> CraftedSource {
        var again = self
        again.seen = try Seen(archive, backup, files)
        return again
    }

    /// Archives one more file, at another time than all before by the file system's clock.
    func push(_ bytes: [UInt8], as fileName: String) throws {
        try FileClock.awaitTick(in: scratch)
        try DurableFiles.write(bytes, to: scratch.file("pushed"), durable: false)
        _ = try archive.push(path: scratch.file("pushed"), name: fileName)
    }

    /// Takes what is archived away, so that it can only be known: but for the last segment, out of which a
    /// record may cross.
    ///
    /// - Parameter kept: how many files are left.
    func removeArchived(butFor kept: Int = 1) throws {
        for segment in segments.dropLast(kept) {
            _ = try DurableFiles.removeFile(segment.path)
            _ = try DurableFiles.removeFile(archive.layout.indexPath(of: segment.name))
        }
    }

    // MARK: Reading

    /// What is held where segments are missing, or the WAL ends within one.
    func held(
        without missing: Set<UInt64> = [], ending part: (number: UInt64, at: LSN)? = nil,
        damaged: [DamagedSegment] = []
    ) -> HeldSource {
        var inventory = seen.inventory
        inventory.segments.removeAll { missing.contains($0.name.number) }
        inventory.damaged = damaged
        var locations = seen.wal.locations.filter { !missing.contains($0.key.number) }
        if let part, let archived = segments.first(where: { $0.name.number == part.number }) {
            locations[archived.name] = .part(archived, upTo: part.at)
        }
        return HeldSource(
            inventory: inventory, wal: HeldWAL(archive: archive, locations: locations), systemIdentifier: 1)
    }

    /// - Parameter catalogs: those in the base backup; nil where nothing is known of them.
    func reader(minimumRows: Int64, _ catalogs: CraftedCatalogs? = nil) -> EventReader {
        EventReader(
            inventory: seen.inventory, wal: seen.wal, interest: RowInterest(minimumRows: minimumRows),
            cancellation: CancellationFlag()
        ) { _ in
            if let catalogs { return CatalogSource(files: catalogs) }
            return CatalogSource(version: .v15)
        }
    }
}
