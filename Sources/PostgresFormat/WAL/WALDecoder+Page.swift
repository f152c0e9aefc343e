extension WALDecoder {
    /// An end wrapped as an error, so that accepting a page has two outcomes.
    struct Rejection: Error {
        let reason: WALEnd
    }

    /// Checks a page header against its place and the pages before it, and notes what it says.
    mutating func accept(_ page: UnsafeRawBufferPointer) -> Result<WALPageHeader, Rejection> {
        guard let header = WALPageHeader(page) else { return rejected(.incompletePage) }
        if header.magic == 0, page.isZero { return .failure(Rejection(reason: .zeroedTail(nextRecord))) }
        guard let version = header.version else { return rejected(.pageMagic) }
        let isFirstOfSegment = pageAddress & (segmentSize.bytes - 1) == 0
        guard header.flags & ~WALPageHeader.knownFlags == 0, (header.segment != nil) == isFirstOfSegment,
            !(header.continuesRecord && header.overwritesRecord)
        else { return rejected(.pageFlags) }
        guard header.address.rawValue == pageAddress else {
            return header.address.rawValue < pageAddress
                ? .failure(Rejection(reason: .recycledPage(nextRecord))) : rejected(.pageAddress)
        }
        if let segment = header.segment {
            guard UInt64(segment.segmentSize) == segmentSize.bytes,
                Int(segment.pageSize) == WALPageHeader.pageSize
            else { return rejected(.segmentSize) }
            if let known = systemIdentifier, known != segment.systemIdentifier {
                return rejected(.systemIdentifier)
            }
            systemIdentifier = segment.systemIdentifier
        }
        guard header.timeline.rawValue > 0, pageTimeline.map({ $0 <= header.timeline }) ?? true,
            maximumTimeline.map({ header.timeline <= $0 }) ?? true
        else { return rejected(.pageTimeline) }
        // PostgreSQL writes zero bytes to go only on pages that continue nothing.
        guard header.continuesRecord == (header.remainingLength > 0) else { return rejected(.continuation) }
        pageTimeline = header.timeline
        self.version = version
        return .success(header)
    }

    private func rejected(_ flaw: WALFlaw) -> Result<WALPageHeader, Rejection> {
        .failure(Rejection(reason: .brokenPage(nextRecord, flaw)))
    }
}
