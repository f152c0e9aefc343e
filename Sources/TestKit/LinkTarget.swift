#if canImport(Glibc)
    import Glibc
#endif
public import Platform

/// Where a symbolic link points.
public enum LinkTarget {
    public static func of(_ path: String) throws(Problem) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        guard count > 0 else {
            throw Problem(.system, "cannot follow \(path)", detail: String(cString: strerror(errno)))
        }
        return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
