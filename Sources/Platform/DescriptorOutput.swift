#if canImport(Glibc)
    import Glibc
#endif

/// Writes to a file that somebody else opened.
public struct DescriptorOutput: Sendable {
    private let descriptor: Int32

    public init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes all bytes, or as many as somebody reads.
    ///
    /// Throws `.insufficientStorage` on a full disk, `.system` on anything else that keeps one from being
    /// written.
    public func write(_ bytes: [UInt8]) throws(Problem) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            // A reader that went away has what it wanted.
            if count < 0, errno == EPIPE { return }
            guard count > 0 else {
                let failure = count < 0 ? errno : EIO
                throw Problem(
                    failure == ENOSPC || failure == EDQUOT ? .insufficientStorage : .system,
                    "cannot write the output", detail: String(cString: strerror(failure)))
            }
            written += count
        }
    }
}
