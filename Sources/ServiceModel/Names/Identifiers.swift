/// Names that stand where nobody chose one.
public enum Identifiers {
    public static let defaultGroup = "local"
    public static let defaultLocation = "local"
}
