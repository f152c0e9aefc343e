/// The tool's own version, not PostgreSQL's.
enum Version {
    static let current = "0.1.0"
}
