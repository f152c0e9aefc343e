import PostgresFormat

/// The rows of one page of a catalog, packed: a cluster with many tables has hundreds of thousands of them,
/// and more than half of each is zeros behind its name.
///
/// Of a row's header only what tells where its values begin is kept: who made and deleted it stands apart.
struct PackedPage {
    /// The end of the last record that changed the page.
    var lsn: LSN
    /// By the number of the line pointer.
    private var items: [Item] = []
    private var store: [UInt8] = []
    /// Bytes of the store that no row uses any more.
    private var waste = 0

    private struct Item {
        var number: UInt16
        /// In the store: where the packed row is.
        var start: UInt32
        var size: UInt32
        var creator: TransactionID
        var deleter: TransactionID
    }

    init(lsn: LSN) {
        self.lsn = lsn
    }

    /// The numbers of the rows that are there.
    var numbers: [UInt16] { items.map(\.number) }

    /// Bytes of memory that the rows take.
    var heldBytes: Int { store.capacity + items.capacity * MemoryLayout<Item>.stride }

    subscript(number: UInt16) -> CatalogRow? {
        guard let place = place(of: number) else { return nil }
        let item = items[place]
        return CatalogRow(
            bytes: ZeroRuns.unpacked(store, Int(item.start), Int(item.size)), creator: item.creator,
            deleter: item.deleter)
    }

    mutating func set(_ row: CatalogRow, _ number: UInt16) {
        remove(number)
        let start = store.count
        ZeroRuns.pack(row.bytes, clearing: CatalogRow.readHeader, into: &store)
        let item = Item(
            number: number, start: UInt32(start), size: UInt32(store.count - start), creator: row.creator,
            deleter: row.deleter)
        items.insert(item, at: place(behind: number))
        if waste > 1 << 16, waste > store.count / 2 { tighten() }
    }

    mutating func remove(_ number: UInt16) {
        guard let place = place(of: number) else { return }
        waste += Int(items[place].size)
        items.remove(at: place)
    }

    /// Who made and who deleted a row and has not ended.
    func transactions(of number: UInt16) -> (creator: TransactionID, deleter: TransactionID)? {
        place(of: number).map { (items[$0].creator, items[$0].deleter) }
    }

    mutating func setTransactions(
        of number: UInt16, creator: TransactionID, deleter: TransactionID
    ) {
        guard let place = place(of: number) else { return }
        items[place].creator = creator
        items[place].deleter = deleter
    }

    /// Gives back the room that nothing uses.
    mutating func tighten() {
        var kept: [UInt8] = []
        kept.reserveCapacity(store.count - waste)
        var moved: [Item] = []
        moved.reserveCapacity(items.count)
        for item in items {
            var item = item
            let start = Int(item.start)
            item.start = UInt32(kept.count)
            kept.append(contentsOf: store[start..<start + Int(item.size)])
            moved.append(item)
        }
        items = moved
        store = kept
        waste = 0
    }

    // MARK: Finding

    private func place(of number: UInt16) -> Int? {
        let place = place(behind: number) - 1
        return place >= 0 && items[place].number == number ? place : nil
    }

    /// The first place whose number is larger.
    private func place(behind number: UInt16) -> Int {
        var low = 0
        var high = items.count
        while low < high {
            let middle = (low + high) / 2
            if items[middle].number <= number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Bytes with each run of zeros written as a zero and the run's length, at most 255.
enum ZeroRuns {
    /// - Parameter clearing: bytes at the beginning that are taken for zeros.
    static func pack(_ bytes: [UInt8], clearing: Int = 0, into store: inout [UInt8]) {
        bytes.withUnsafeBufferPointer { bytes in
            var place = 0
            while place < bytes.count {
                let byte = place < clearing ? 0 : bytes[place]
                store.append(byte)
                place += 1
                guard byte == 0 else { continue }
                var run: UInt8 = 1
                while place < bytes.count, place < clearing || bytes[place] == 0, run < .max {
                    run += 1
                    place += 1
                }
                store.append(run)
            }
        }
    }

    static func unpacked(_ store: [UInt8], _ start: Int, _ size: Int) -> [UInt8] {
        store.withUnsafeBufferPointer { store in
            let packed = UnsafeBufferPointer(rebasing: store[start..<start + size])
            var count = 0
            var place = 0
            while place < size {
                if packed[place] == 0 {
                    count += Int(packed[place + 1])
                    place += 2
                } else {
                    count += 1
                    place += 1
                }
            }
            return [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
                target.initialize(repeating: 0)
                var to = 0
                var place = 0
                while place < size {
                    if packed[place] == 0 {
                        to += Int(packed[place + 1])
                        place += 2
                    } else {
                        target[to] = packed[place]
                        to += 1
                        place += 1
                    }
                }
                initialized = count
            }
        }
    }
}
