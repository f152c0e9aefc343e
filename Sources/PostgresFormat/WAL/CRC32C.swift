import CSupport

/// CRC-32C (Castagnoli), PostgreSQL's checksum of WAL records, control files and manifests' files.
///
/// Add bytes in any portions, then read `value`. Uses the processor's instruction where there is one.
public struct CRC32C: Hashable, Sendable {
    private var register: UInt32 = .max

    public init() {}

    /// The checksum of all bytes added so far.
    public var value: UInt32 { ~register }

    @inline(__always)
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        register = pitr_crc32c_update(register, bytes.baseAddress, bytes.count)
    }

    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    /// The checksum by tables alone, as on a machine without the instruction.
    package static func portableChecksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        ~pitr_crc32c_update_portable(.max, bytes.baseAddress, bytes.count)
    }

    public static func checksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0) }
    }
}
