import Holdings
import Planning
import Platform
import PostgresFormat

/// Changes the staged copies of records that would make a tablespace in the source's own directory.
///
/// With its path blanked such a record makes `pg_tblspc/<number>` a directory of the copy. The archive is
/// never changed.
struct TablespaceBlanking: Sendable {
    private let records: [LSN]
    private let segments: [SegmentName]
    private let wal: HeldWAL

    init(_ plan: RestorePlan, _ wal: HeldWAL) {
        records = plan.tablespaceRecords
        segments = plan.segments
        self.wal = wal
    }

    /// What has to be changed in one segment: also the rest of a record that began in one before it.
    func patches(for segment: SegmentName) throws(Problem) -> [WALPatch] {
        if records.isEmpty { return [] }
        var patches: [WALPatch] = []
        for home in segments where home.number == segment.number || home.number + 1 == segment.number {
            let begun = records.filter { home.start <= $0 && $0 < home.end }
            patches += try blanking(of: begun, in: home).filter {
                segment.start <= $0.position && $0.position < segment.end
            }
        }
        return patches
    }

    private func blanking(of wanted: [LSN], in segment: SegmentName) throws(Problem) -> [WALPatch] {
        guard let last = wanted.max() else { return [] }
        var missing = Set(wanted)
        var found: [WALPatch] = []
        try wal.walRecords(startingIn: segment) { record in
            if missing.contains(record.start),
                let patches = record.tablespaceBlanking(segmentSize: segment.size)
            {
                missing.remove(record.start)
                found += patches
            }
            return record.start < last
        }
        if let lost = missing.min() {
            throw Problem(
                .walDamaged, "the record that makes a tablespace at \(lost) cannot be read again",
                detail: "it should be in segment \(segment)", hint: "Restore to a time before it.")
        }
        return found
    }

    static func apply(_ patches: [WALPatch], to file: OpenFile, of segment: SegmentName) throws(Problem) {
        for patch in patches {
            try patch.bytes.span.bytes.withUnsafeBytes { (bytes) throws(Problem) in
                try file.write(bytes, at: patch.position.distance(from: segment.start))
            }
        }
    }
}
