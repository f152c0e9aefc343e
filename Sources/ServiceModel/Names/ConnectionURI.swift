import Notation

/// The parts of a connection string that is a URI.
public enum ConnectionURI {
    /// The parameters that have a client verify the server with an authority's certificate.
    public static func verified(by authority: String) -> String {
        "sslmode=verify-full&sslrootcert="
            + authority.split(separator: "/", omittingEmptySubsequences: false)
            .map { PercentCoding.encode(String($0)) }.joined(separator: "/")
    }
}
