#if canImport(Glibc)
    import Glibc
#endif
import Platform

/// Writes the bytes to a new file.
func writeAll(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    guard descriptor >= 0, write(descriptor, bytes.baseAddress, bytes.count) == bytes.count else {
        throw Problem(.system, "cannot write \(path)")
    }
}
