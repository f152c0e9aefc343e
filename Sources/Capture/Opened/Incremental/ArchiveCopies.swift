import Platform
import PostgresFormat
import Repository

/// What the copies of packed archives take while incremental backups are put together.
extension FoundBase {
    /// Bytes that all copies take that are there at the same time, at least: what a backup's manifest says
    /// its files have, or where it says nothing what they have packed. 0 where nothing is copied.
    func copiedBytes() throws(Problem) -> UInt64 {
        guard !earlier.isEmpty else { return 0 }
        // Those of the newest go one after the other; those before it stay until the end.
        let own = try packedArchives()
        var sum = own.stored.count > 1 ? own.stored.max() ?? 0 : try copiedBytes(of: own)
        for base in earlier {
            sum = DiskRoom.sum(sum, try base.copiedBytes(of: try base.packedArchives()))
        }
        return sum
    }

    private func copiedBytes(of packed: (stored: [UInt64], areAll: Bool)) throws(Problem) -> UInt64 {
        let stored = packed.stored.reduce(0, DiskRoom.sum)
        guard packed.areAll, stored > 0, let manifest,
            let bytes = try? DurableFiles.read(manifest, limit: UInt64(FoundBaseReception.mostManifestBytes)),
            let parsed = try? BackupManifest(checking: bytes)
        else { return stored }
        // One that cannot be read is told by whoever compares with it.
        return max(stored, parsed.files.reduce(0) { DiskRoom.sum($0, $1.size) })
    }

    /// How long those are that are packed, without that of WAL, and whether there are no others.
    private func packedArchives() throws(Problem) -> (stored: [UInt64], areAll: Bool) {
        guard case .archives(let base, let tablespaces, _) = form else { return ([], false) }
        var stored: [UInt64] = []
        for path in [base] + tablespaces.values {
            let file = try OpenFile(reading: path)
            let first = RawBuffer(count: Packing.signatureBytes)
            let count = try file.read(into: first.bytes, at: 0)
            if Packing(beginning: first[prefix: count]) != nil { stored.append(try file.size()) }
        }
        return (stored, stored.count == tablespaces.count + 1)
    }
}
