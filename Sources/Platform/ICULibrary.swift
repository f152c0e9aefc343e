#if canImport(Glibc)
    import Glibc
#endif

/// The ICU library of a program on this machine: PostgreSQL takes its word for the versions of collations.
public struct ICULibrary: Sendable {
    /// Of `libicui18n.so.72`; its functions have the number at the end of their names.
    let path: String

    /// The library that a program was linked with; nil where it was not, or that cannot be told.
    public init?(of program: String, runner: any CommandRunner) {
        guard let answer = try? runner.run(Command("ldd", [program], timeoutSeconds: 10)), answer.succeeded,
            let path = Self.path(in: answer.standardOutput)
        else { return nil }
        self.path = path
    }

    /// Reads `libicui18n.so.72 => /lib/x86_64-linux-gnu/libicui18n.so.72 (0x00007f…)`.
    static func path(in text: String) -> String? {
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 3, words[0].hasPrefix("libicui18n.so."), words[1] == "=>",
                words[2].hasPrefix("/")
            else { continue }
            return String(words[2])
        }
        return nil
    }

    /// The version of a locale's order of text, as `pg_database_collation_actual_version` says it: `153.120`.
    ///
    /// Nil where the library cannot be loaded or does not know the locale.
    public func collationVersion(of locale: String) -> String? {
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else { return nil }
        defer { dlclose(handle) }
        let suffix = "_" + (path.split(separator: ".").last.map(String.init) ?? "")
        guard let open = dlsym(handle, "ucol_open" + suffix),
            let getVersion = dlsym(handle, "ucol_getVersion" + suffix),
            let close = dlsym(handle, "ucol_close" + suffix)
        else { return nil }
        var status: Int32 = 0
        let collator = locale.withCString { unsafeBitCast(open, to: Open.self)($0, &status) }
        // Positive numbers are errors, negative ones remarks.
        guard status <= 0, let collator else { return nil }
        defer { unsafeBitCast(close, to: Close.self)(collator) }
        var version: [UInt8] = [0, 0, 0, 0]
        unsafeBitCast(getVersion, to: GetVersion.self)(collator, &version)
        return Self.text(version)
    }

    private typealias Open =
        @convention(c) (UnsafePointer<CChar>?, UnsafeMutablePointer<Int32>?)
        -> OpaquePointer?
    private typealias GetVersion = @convention(c) (OpaquePointer?, UnsafeMutablePointer<UInt8>?) -> Void
    private typealias Close = @convention(c) (OpaquePointer?) -> Void

    /// As ICU's `u_versionToString`: zeros at the end are left out, but two numbers stay.
    static func text(_ version: [UInt8]) -> String {
        var parts = version
        while parts.count > 2, parts.last == 0 { parts.removeLast() }
        return parts.map { String($0) }.joined(separator: ".")
    }
}
