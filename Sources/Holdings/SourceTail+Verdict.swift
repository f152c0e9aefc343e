public import Platform
public import PostgresFormat

extension SourceTail {
    /// Whether the source's own control file says where its WAL ends.
    public var isStoppedInOrder: Bool { bounds.contains(where: \.isEndOfOrderlyStop) }

    /// Whether the WAL read ends where the source's WAL ends.
    ///
    /// - Parameters:
    ///   - before: the segments in front that a record which goes on here begins in, in order.
    ///   - pages: hands over the pages of such a segment.
    ///   - more: what else shows how far the WAL goes.
    public func verdict(
        after before: [SegmentName] = [], more: [WALTailBound] = [], segmentSize: WALSegmentSize,
        pages: (SegmentName, (UnsafeRawBufferPointer) -> Void) throws(Problem) -> Void =
            { (_, _) throws(Problem) in }
    ) throws(Problem) -> WALTailVerdict {
        guard let start else { return .whole(flushLSN ?? .zero) }
        var reader = WALTailReader(
            start: before.first?.start ?? files.first?.name.start ?? start, segmentSize: segmentSize,
            flushed: flushLSN)
        for segment in before {
            var position = segment.start
            try pages(segment) { bytes in
                reader.feed(bytes, at: position)
                position = position.advanced(by: UInt64(bytes.count))
            }
        }
        for file in files {
            try OpenFile(reading: file.path).forEachChunk { (bytes, offset) throws(Problem) in
                let whole = bytes.count / WALPageHeader.pageSize * WALPageHeader.pageSize
                let position = file.name.start.advanced(by: offset)
                reader.feed(UnsafeRawBufferPointer(rebasing: bytes[..<whole]), at: position)
                // What a running server has not flushed counts for nothing.
                return flushLSN.map { position.advanced(by: UInt64(whole)) < $0 } ?? true
            }
        }
        if let flushLSN { return reader.verdict(flushed: flushLSN) }
        return reader.verdict(bounds: bounds + more)
    }

    /// Takes away what lies behind a damaged place, so that nobody reads on there.
    public func cut(at position: LSN) throws(Problem) {
        for file in files where file.name.end > position {
            let kept = position > file.name.start ? position.distance(from: file.name.start) : 0
            let open = try OpenFile(updating: file.path)
            try open.truncate(to: kept)
            try open.truncate(to: file.name.size.bytes)
        }
    }
}

extension WALTailBound {
    /// How far the WAL of a server goes that does not run, as its own files tell.
    public static func bounds(
        dataDirectory: String, timeline: TimelineID, segmentSize: WALSegmentSize
    ) throws(Problem) -> [WALTailBound] {
        var bounds: [WALTailBound] = []
        if let bytes = try DurableFiles.readIfPresent(dataDirectory + "/global/pg_control"),
            let control = try? ControlFile(parsing: bytes), control.timeline <= timeline
        {
            switch control.state {
            case .shutDown: bounds.append(.shutdownCheckpoint(control.checkpoint))
            case .shutDownInRecovery, .inArchiveRecovery:
                bounds.append(.minimumRecovery(control.minRecoveryPoint))
            case .startingUp, .shuttingDown, .inCrashRecovery, .inProduction:
                bounds.append(.checkpoint(control.checkpoint))
            }
        }
        let finished = try DurableFiles.listIfPresent(dataDirectory + "/pg_wal/archive_status")
            .compactMap { name -> SegmentName? in
                guard name.hasSuffix(".ready") || name.hasSuffix(".done") else { return nil }
                let file = String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)])
                return SegmentName(fileName: file, size: segmentSize)
            }
        if let last = finished.filter({ $0.timeline == timeline }).max() {
            bounds.append(.finishedSegment(last.end))
        }
        return bounds
    }
}
