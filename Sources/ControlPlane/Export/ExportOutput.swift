import Notation
import Platform
import Repository

/// Writes to a file that the caller opened, and tells its length and its hash.
final class ExportOutput {
    private let output: DescriptorOutput
    private var waiting: [UInt8] = []
    private var hash = SHA256.Stream()
    private(set) var bytes: UInt64 = 0
    private static let piece = 1 << 17

    init(_ descriptor: Int32) {
        output = DescriptorOutput(descriptor)
        waiting.reserveCapacity(2 * Self.piece)
    }

    func add(_ piece: UnsafeRawBufferPointer) throws(Problem) {
        waiting.append(contentsOf: piece)
        if waiting.count >= Self.piece { try flush() }
    }

    /// Writes what is left; the SHA-256 of all of it, in hexadecimal digits.
    func finish() throws(Problem) -> String {
        try flush()
        return Hexadecimal.text(hash.finish())
    }

    private func flush() throws(Problem) {
        waiting.withUnsafeBytes { hash.add($0) }
        bytes += UInt64(waiting.count)
        try output.write(waiting)
        waiting.removeAll(keepingCapacity: true)
    }
}
