/// The parts of a connection string that is a URI.
public enum ConnectionURI {
    /// The parameters that have a client verify the server with an authority's certificate.
    public static func verified(by authority: String) -> String {
        "sslmode=verify-full&sslrootcert="
            + authority.split(separator: "/", omittingEmptySubsequences: false).map { escaped(String($0)) }
            .joined(separator: "/")
    }

    /// A login, a password or a database's name as it stands in a URI: everything but unreserved characters
    /// (RFC 3986, 2.3) in percent signs.
    public static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.properties.isAlphabetic && byte < 128 || (48...57).contains(byte)
                || [45, 46, 95, 126].contains(byte)
            return isPlain
                ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
