import PostgresFormat
import WALEvents

/// The same WAL as a timeline reads it: by the indexes that pushes would have stored.
extension ObservedServer {
    /// Of each segment, made after the one before, with the detail.
    func indexes() throws -> [SegmentIndex] {
        var indexes: [SegmentIndex] = []
        for segment in try segments() {
            indexes.append(
                try Self.index(segment, after: indexes.last.flatMap { SegmentPredecessor($0) }, []))
        }
        return indexes
    }

    /// The events, and of how many segments the index had to be made anew since it passed over a catalog.
    func readByIndexes(minimumRows: Int64 = 1) throws -> (events: [WALEvent], madeAnew: Int) {
        let files = try DirectoryCatalogs(backup, version: version)
        var assembler = EventAssembler(catalog: CatalogState(files: files), minimumRows: minimumRows)
        var predecessor: SegmentPredecessor?
        var madeAnew = 0
        for segment in try segments() {
            let stored = try Self.index(segment, after: predecessor, [])
            var index = stored
            assembler.add(index.knownChanges)
            var position = LSN.zero
            var followed = -1
            repeat {
                followed = assembler.catalog.followings
                let needed = assembler.catalog.rewrittenFiles
                if !needed.isSubset(of: index.summary.catalogs) {
                    index = try Self.index(segment, after: predecessor, needed.sorted())
                    madeAnew += 1
                }
                position = take(index, after: position, &assembler)
            } while assembler.catalog.followings != followed
            predecessor = SegmentPredecessor(stored)
        }
        return (assembler.takeEvents() + assembler.finish(), madeAnew)
    }

    /// Takes records in as long as no other file is followed; the answer is how far that was.
    private func take(
        _ index: SegmentIndex, after position: LSN, _ assembler: inout EventAssembler
    ) -> LSN {
        let followed = assembler.catalog.followings
        var position = position
        var ends = (index.detail?.ends ?? [])[...]
        func take(_ end: IndexedTransactionEnd, _ assembler: inout EventAssembler) {
            if end.start >= backupStart { assembler.end(end) } else { assembler.endOlder(end) }
        }
        for record in index.kept where record.start > position {
            while let end = ends.first, end.start < record.start {
                take(end, &assembler)
                ends.removeFirst()
            }
            record.withRecord { record in
                if record.start >= backupStart {
                    assembler.apply(record, countingRows: false)
                } else {
                    assembler.applyOlder(record, countingRows: false)
                }
            }
            position = record.start
            if assembler.catalog.followings != followed { return position }
        }
        for end in ends { take(end, &assembler) }
        return position
    }

    static func index(
        _ segment: (name: SegmentName, bytes: [UInt8]), after predecessor: SegmentPredecessor?,
        _ catalogs: [RelationLocator]
    ) throws -> SegmentIndex {
        var indexer = SegmentIndexer(segment: segment.name, after: predecessor, catalogs: catalogs)
        var decoder = WALDecoder(start: segment.name.start, segmentSize: segment.name.size)
        segment.bytes.withUnsafeBytes { bytes in
            indexer.observe(bytes)
            _ = decoder.feed(bytes) { record in
                indexer.add(record)
                return true
            }
        }
        let found = indexer.newCatalogs
        if !found.isEmpty { return try index(segment, after: predecessor, catalogs + found) }
        let tail = decoder.tailFragment.map {
            WALFragment(
                start: $0.start, length: $0.length, available: $0.available, bytes: decoder.tailBytes)
        }
        var (made, detail) = indexer.finish(
            identity: SegmentIndex.Identity(
                segment: segment.name, rawBytes: UInt64(segment.bytes.count),
                rawCRC32C: CRC32C.checksum(segment.bytes), version: decoder.version), tail: tail)
        made.detail = try SegmentIndex.Detail(decoding: detail)
        return made
    }
}
