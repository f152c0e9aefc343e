import CSupport
import Platform
import PostgresFormat

#if canImport(Glibc)
    import Glibc
#endif

/// Verifies the checksums of relation pages while they are backed up.
///
/// New pages pass, and pages changed since the backup began: replay writes those anew. A page that seems
/// wrong is read again before it counts, since the server may have been writing it at that moment.
struct PageCheck {
    static let pageSize: UInt64 = 8192
    private static let attempts = 5
    private static let pauseMicroseconds: UInt32 = 1000

    let path: String
    let startLSN: LSN

    /// - Parameters:
    ///   - bytes: pages in order; an incomplete one at the end is not looked at.
    ///   - firstBlock: the first page's number within its relation's fork.
    ///   - readAgain: fills one page from the source; the second argument is its offset within `bytes`.
    func run(
        _ bytes: UnsafeMutableRawBufferPointer, firstBlock: UInt32,
        readAgain: (UnsafeMutableRawBufferPointer, Int) throws(Problem) -> Void
    ) throws(Problem) {
        let size = Int(Self.pageSize)
        let count = bytes.count / size
        var next = 0
        while true {
            next = pitr_first_bad_page(bytes.baseAddress, next, count, firstBlock, startLSN.rawValue)
            if next >= count { return }
            let page = UnsafeMutableRawBufferPointer(rebasing: bytes[next * size..<(next + 1) * size])
            func isGood() -> Bool {
                pitr_first_bad_page(bytes.baseAddress, next, next + 1, firstBlock, startLSN.rawValue) > next
            }
            for attempt in 0..<Self.attempts where !isGood() {
                if attempt > 0 { usleep(Self.pauseMicroseconds) }
                try readAgain(page, next * size)
            }
            guard isGood() else { throw damaged(block: firstBlock + UInt32(next), page) }
            next += 1
        }
    }

    private func damaged(block: UInt32, _ page: UnsafeMutableRawBufferPointer) -> Problem {
        let stored = page.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        return Problem(
            .backupDamaged, "the server's own file '\(path)' is damaged: wrong checksum in block \(block)",
            detail: "stored \(stored), calculated \(pitr_page_checksum(page.baseAddress, block))",
            hint:
                "It is the source that is damaged. No backup was made; the earlier backups are kept, "
                + "and a restore from one of them brings the block back if it was right then.")
    }
}
