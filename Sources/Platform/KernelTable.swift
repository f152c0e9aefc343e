import CSupport

/// Tables of the kernel, below `/proc`, that may have any number of lines.
public enum KernelTable {
    /// The first line that has `words` in it; nil when there is none, or no such table.
    public static func line(in path: String, with words: String) -> String? {
        var line = [CChar](repeating: 0, count: 512)
        guard pitr_find_line(path, words, &line, line.count) == 0 else { return nil }
        return String(
            decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
