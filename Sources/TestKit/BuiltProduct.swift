import Glibc

/// Where the build puts the package's programs: beside the program that runs the tests.
public enum BuiltProduct {
    public static func path(_ name: String) -> String {
        var link = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = link.withUnsafeMutableBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) }
        }
        let own = String(decoding: link.prefix(max(count ?? 0, 0)), as: UTF8.self)
        let directory = own.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return directory.joined(separator: "/") + "/" + name
    }
}
