public import Platform
public import PostgresFormat

extension WALFile {
    /// A part smaller than this is not worth a thread.
    public static let smallestPart: UInt64 = 4 << 20

    /// Counts the records that lie wholly in the file, and tells why the WAL ends in it, as `records` does.
    ///
    /// A file that is not packed is read by several threads. Each begins at a page of its own, behind the
    /// record that goes on there, and reads its last record to the end. What they found is joined where one
    /// thread's last record leads to the next one's first; where it does not, one thread reads it all.
    public static func statistics(
        path: String, workers: Int = Workers.processors, smallestPart: UInt64 = WALFile.smallestPart
    ) throws(Problem) -> (WALStatistics, WALEnd?) {
        if let joined = try joinedParts(path, workers, smallestPart) { return joined }
        var statistics = WALStatistics()
        let end = try records(path: path) { (record) throws(Problem) in
            statistics.add(record)
            return true
        }
        return (statistics, end)
    }

    private static func joinedParts(
        _ path: String, _ workers: Int, _ smallestPart: UInt64
    ) throws(Problem) -> (WALStatistics, WALEnd?)? {
        let file = try OpenFile(reading: path)
        let page = UInt64(WALPageHeader.pageSize)
        let size = try file.size()
        let count = min(UInt64(max(workers, 1)), size / max(smallestPart, page))
        guard count > 1, size % page == 0, let first = try firstPage(of: file) else { return nil }
        let borders = (0...count).map { size / page * $0 / count * page }
        let results = PartResults(Int(count))
        try Workers.run(Int(count)) { worker throws(Problem) in
            let reading = PartReading(
                file: file, origin: first, begin: borders[worker], border: borders[worker + 1], size: size)
            results.set(worker, try reading.run())
        }
        return join(results.all)
    }

    /// Where the WAL begins, and how long its segments are; nil where the file does not begin as a segment.
    private static func firstPage(of file: OpenFile) throws(Problem) -> PartReading.Origin? {
        let buffer = RawBuffer(count: WALPageHeader.pageSize)
        guard try file.read(into: buffer.bytes, at: 0) == buffer.bytes.count,
            let header = WALPageHeader(buffer[prefix: buffer.bytes.count]), header.version != nil,
            let first = header.segment, let size = WALSegmentSize(bytes: UInt64(first.segmentSize)),
            header.address.rawValue % size.bytes == 0
        else { return nil }
        return PartReading.Origin(start: header.address, segmentSize: size)
    }

    /// Nil unless every part was read as it would have been read after the one before.
    private static func join(_ parts: [PartReading.Result?]) -> (WALStatistics, WALEnd?)? {
        var whole: PartReading.Result?
        for part in parts {
            guard let part else { return nil }
            if let before = whole {
                guard let first = part.first, first.start == before.next, first.previous == before.last,
                    let timeline = part.firstTimeline, let earlier = before.lastTimeline, earlier <= timeline,
                    part.version == before.version
                else { return nil }
            }
            var joined = part
            joined.statistics = whole?.statistics ?? WALStatistics()
            joined.statistics.append(part.statistics)
            if let end = part.end { return (joined.statistics, end.atBorder) }
            whole = joined
        }
        return whole.map { ($0.statistics, nil) }
    }
}

extension WALEnd {
    /// Nil where the WAL goes on behind the file.
    fileprivate var atBorder: WALEnd? {
        if case .switched = self { return nil }
        return self
    }
}
