/// The version that `pitr` and `pitr-wal` carry; they are shipped together.
public enum ProductVersion {
    /// `major.minor.patch`.
    public static let current = "0.1.0"
}
