#if canImport(Glibc)
    import Glibc
#endif

/// Where the package's programs are that the tests run.
public enum BuiltProduct {
    /// The folder that the environment variable `PITR_TEST_PRODUCT` names, for programs as they are shipped;
    /// else the one in which the build has put them, beside the program that runs the tests.
    public static let folder: String = {
        if let given = getenv("PITR_TEST_PRODUCT") { return String(cString: given) }
        var link = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = link.withUnsafeMutableBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) }
        }
        let own = String(decoding: link.prefix(max(count ?? 0, 0)), as: UTF8.self)
        return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }()

    public static func path(_ name: String) -> String { folder + "/" + name }
}
