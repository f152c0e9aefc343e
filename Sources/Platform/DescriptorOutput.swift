#if canImport(Glibc)
    import Glibc
#endif

/// Writes to a file that somebody else opened.
public struct DescriptorOutput: Sendable {
    private let descriptor: Int32

    public init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes all bytes; throws `.system` on the first that cannot be written.
    public func write(_ bytes: [UInt8]) throws(Problem) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw Problem(.system, "cannot write the output", detail: String(cString: strerror(errno)))
            }
            written += count
        }
    }
}
