/// Operation codes of the heap's resource managers, the same in PostgreSQL 15 to 18 but for pruning.
enum HeapCode {
    static let insert: UInt8 = 0x00
    static let delete: UInt8 = 0x10
    static let update: UInt8 = 0x20
    static let truncate: UInt8 = 0x30
    static let hotUpdate: UInt8 = 0x40
    static let confirm: UInt8 = 0x50
    static let lock: UInt8 = 0x60
    static let inPlace: UInt8 = 0x70
    /// In addition to the code: the page is made anew.
    static let newPage: UInt8 = 0x80
}

enum Heap2Code {
    static let rewrite: UInt8 = 0x00
    /// Before PostgreSQL 17 pruning on access or by VACUUM, VACUUM's second pass, freezing; since then all
    /// three are one layout, and the code says why.
    static let prune: UInt8 = 0x10
    static let vacuum: UInt8 = 0x20
    static let freeze: UInt8 = 0x30
    static let visible: UInt8 = 0x40
    static let multiInsert: UInt8 = 0x50
    static let lockUpdated: UInt8 = 0x60
    static let newCommand: UInt8 = 0x70
}

extension WALRecord {
    /// Whether this makes a newer version of a row, told by the operation's code alone.
    @inline(__always)
    public var updatesRow: Bool {
        let code = info & 0x70
        return resourceManagerID == ResourceManager.heap.rawValue
            && (code == HeapCode.update || code == HeapCode.hotUpdate)
    }

    /// What this record of the heap's does; nil for any other, for a malformed one, and for one that is not
    /// at hand as a whole.
    public var heapOperation: HeapOperation? {
        switch resourceManagerID {
        case ResourceManager.heap.rawValue: heapOperation(code: info & 0x70)
        case ResourceManager.heap2.rawValue: heap2Operation(code: info & 0x70)
        default: nil
        }
    }

    private func heapOperation(code: UInt8) -> HeapOperation? {
        guard let main = mainSlice else { return nil }
        var reader = ByteReader(part(main))
        switch code {
        case HeapCode.insert: return insertion(&reader).map(HeapOperation.insert)
        case HeapCode.delete: return deletion(&reader, main).map(HeapOperation.delete)
        case HeapCode.update, HeapCode.hotUpdate:
            return update(&reader, main, isHot: code == HeapCode.hotUpdate).map(HeapOperation.update)
        case HeapCode.truncate: return truncation(&reader).map(HeapOperation.truncate)
        case HeapCode.confirm:
            guard let offset = reader.next(UInt16.self), let block = block(0) else { return nil }
            return .confirm(HeapRow(block, offset))
        case HeapCode.lock: return lock(&reader).map(HeapOperation.lock)
        case HeapCode.inPlace: return inPlace(&reader).map(HeapOperation.inPlace)
        default: return nil
        }
    }

    private func heap2Operation(code: UInt8) -> HeapOperation? {
        guard let main = mainSlice else { return nil }
        var reader = ByteReader(part(main))
        switch code {
        case Heap2Code.rewrite: return .rewriteMapping
        case Heap2Code.prune, Heap2Code.vacuum, Heap2Code.freeze:
            return pruning(code, &reader).map(HeapOperation.prune)
        case Heap2Code.visible:
            guard let horizon = reader.next(UInt32.self), let flags = reader.next(UInt8.self),
                let block = block(1)
            else { return nil }
            return .visible(
                HeapVisibility(block: block, flags: flags, conflictHorizon: TransactionID(horizon)))
        case Heap2Code.multiInsert: return multiInsertion(&reader, main).map(HeapOperation.multiInsert)
        case Heap2Code.lockUpdated: return lock(&reader).map(HeapOperation.lockUpdated)
        case Heap2Code.newCommand:
            guard reader.skip(16) else { return nil }
            return reader.nextLocator().map(HeapOperation.newCommand)
        default: return nil
        }
    }

    private func insertion(_ reader: inout ByteReader) -> HeapInsertion? {
        guard let offset = reader.next(UInt16.self), let flags = reader.next(UInt8.self),
            let block = block(0)
        else { return nil }
        return HeapInsertion(row: HeapRow(block, offset), flags: flags, data: rowData(block.data))
    }

    private func multiInsertion(_ reader: inout ByteReader, _ main: RecordSlice) -> HeapMultiInsertion? {
        guard let flags = reader.next(UInt8.self), reader.skip(1), let count = reader.next(UInt16.self),
            let block = block(0)
        else { return nil }
        var offsets: RecordSlice?
        if info & HeapCode.newPage == 0 {
            guard reader.skip(2 * Int(count)) else { return nil }
            offsets = RecordSlice(offset: main.offset + 4, count: 2 * Int(count))
        }
        return HeapMultiInsertion(block: block, flags: flags, count: Int(count), offsets: offsets)
    }

    private func deletion(_ reader: inout ByteReader, _ main: RecordSlice) -> HeapDeletion? {
        guard let xmax = reader.next(UInt32.self), let offset = reader.next(UInt16.self),
            let infobits = reader.next(UInt8.self), let flags = reader.next(UInt8.self),
            let block = block(0)
        else { return nil }
        return HeapDeletion(
            row: HeapRow(block, offset), xmax: TransactionID(xmax), infobits: infobits, flags: flags,
            old: flags & 0x06 != 0 ? rowData(main.dropping(reader.offset)) : nil)
    }

    private func update(_ reader: inout ByteReader, _ main: RecordSlice, isHot: Bool) -> HeapUpdate? {
        guard let oldXmax = reader.next(UInt32.self), let oldOffset = reader.next(UInt16.self),
            let infobits = reader.next(UInt8.self), let flags = reader.next(UInt8.self),
            let newXmax = reader.next(UInt32.self), let newOffset = reader.next(UInt16.self),
            let new = block(0)
        else { return nil }
        var lengths = ByteReader(part(new.data))
        var prefix = 0
        var suffix = 0
        var rest: RecordSlice?
        if new.data.count > 0 {
            if flags & 0x20 != 0 {
                guard let length = lengths.next(UInt16.self) else { return nil }
                prefix = Int(length)
            }
            if flags & 0x40 != 0 {
                guard let length = lengths.next(UInt16.self) else { return nil }
                suffix = Int(length)
            }
            rest = new.data.dropping(lengths.offset)
        }
        return HeapUpdate(
            old: HeapRow(block(1).flatMap { $0.fork == .main ? $0 : nil } ?? new, oldOffset),
            new: HeapRow(new, newOffset), isHot: isHot, oldXmax: TransactionID(oldXmax),
            oldInfobits: infobits, newXmax: TransactionID(newXmax), flags: flags, prefixLength: prefix,
            suffixLength: suffix, data: rowData(rest),
            oldData: flags & 0x0C != 0 ? rowData(main.dropping(reader.offset)) : nil)
    }

    private func truncation(_ reader: inout ByteReader) -> HeapTruncation? {
        guard let database = reader.nextObject(), let count = reader.next(UInt32.self),
            let flags = reader.next(UInt8.self), reader.skip(3),
            let relations = reader.nextElements(Int(count), of: 4, { $0.nextObject() })
        else { return nil }
        return HeapTruncation(
            database: database, relations: relations, cascades: flags & 0x01 != 0,
            restartsSequences: flags & 0x02 != 0)
    }

    private func lock(_ reader: inout ByteReader) -> HeapLock? {
        guard let xmax = reader.next(UInt32.self), let offset = reader.next(UInt16.self),
            let infobits = reader.next(UInt8.self), let flags = reader.next(UInt8.self),
            let block = block(0)
        else { return nil }
        return HeapLock(
            row: HeapRow(block, offset), xmax: TransactionID(xmax), infobits: infobits, flags: flags)
    }

    private func inPlace(_ reader: inout ByteReader) -> HeapInPlace? {
        guard let offset = reader.next(UInt16.self), let block = block(0) else { return nil }
        var invalidations = 0
        // PostgreSQL 18's layout; in its beginning both have the offset alone.
        if version.inPlaceTellsInvalidations {
            guard reader.skip(14), let count = reader.next(Int32.self), count >= 0,
                Int(count) <= reader.remaining / 16
            else { return nil }
            invalidations = Int(count)
        }
        return HeapInPlace(
            row: HeapRow(block, offset), values: block.data.count > 0 ? block.data : nil,
            invalidations: invalidations)
    }

    /// A row's header and what follows it; nil if there is not even the header.
    private func rowData(_ slice: RecordSlice?) -> HeapRowData? {
        guard let slice, let body = slice.dropping(HeapRowHeader.size) else { return nil }
        let bytes = part(slice)
        guard bytes.count == slice.count else { return nil }
        return HeapRowData(
            header: HeapRowHeader(
                infomask2: bytes.little(0), infomask: bytes.little(2), dataOffset: bytes[4]),
            body: body)
    }

    /// The numbers of the line pointers of a multi-insertion's rows, also where only the page's image has the
    /// rows themselves; nil if the record does not hold as many numbers as it says.
    public func rowNumbers(of insertion: HeapMultiInsertion) -> [UInt16]? {
        guard let slice = insertion.offsets else { return (0..<insertion.count).map { UInt16($0 + 1) } }
        let offsets = part(slice)
        guard offsets.count >= 2 * insertion.count else { return nil }
        return (0..<insertion.count).map { offsets.little(2 * $0) }
    }

    /// Visits the rows of a multi-insertion with their line pointers' numbers until `visit` answers false.
    ///
    /// - Returns: false if the record does not hold as many rows as it says; that is so also where only the
    ///   page's image tells.
    @discardableResult
    public func forEachRow(
        of insertion: HeapMultiInsertion, _ visit: (UInt16, HeapRowData) -> Bool
    ) -> Bool {
        let data = part(insertion.block.data)
        let offsets: UnsafeRawBufferPointer?
        if let slice = insertion.offsets { offsets = part(slice) } else { offsets = nil }
        var reader = ByteReader(data)
        for index in 0..<insertion.count {
            if reader.offset % 2 != 0, !reader.skip(1) { return false }
            guard let length = reader.next(UInt16.self), let infomask2 = reader.next(UInt16.self),
                let infomask = reader.next(UInt16.self), let dataOffset = reader.next(UInt8.self)
            else { return false }
            let begin = reader.offset
            guard reader.skip(Int(length)) else { return false }
            let number: UInt16
            if let offsets {
                guard offsets.count >= 2 * index + 2 else { return false }
                number = offsets.little(2 * index)
            } else {
                number = UInt16(truncatingIfNeeded: index + 1)
            }
            let row = HeapRowData(
                header: HeapRowHeader(infomask2: infomask2, infomask: infomask, dataOffset: dataOffset),
                body: RecordSlice(offset: insertion.block.data.offset + begin, count: Int(length)))
            if !visit(number, row) { return true }
        }
        return true
    }
}
