public import Platform
public import PostgresClient

/// The user's administrator: Azure's rules for its name and password, and what it may do.
///
/// It is no superuser. On PostgreSQL 15 its CREATEROLE is no security boundary: it can grant itself roles
/// that run programs.
public enum AdminRole {
    /// The role that holds what administrators may do, as on Azure.
    public static let group = "azure_pg_admin"

    private static let blockedNames: Set<String> = [
        "azure_superuser", group, PostgresInstance.superuser, "admin", "administrator", "root", "guest",
        "public",
    ]
    /// Words that PostgreSQL does not take as role names.
    private static let reservedNames: Set<String> = [
        "none", "current_user", "session_user", "current_role", "user",
    ]

    /// Throws `.invalidUserName` for names that Azure blocks or PostgreSQL cannot carry.
    public static func checkName(_ name: String) throws(Problem) {
        let lower = name.lowercased()
        let letters = name.utf8.allSatisfy { byte in
            isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
        guard (1...63).contains(name.utf8.count), letters, let first = name.utf8.first, isLetter(first) else {
            throw Problem(
                .invalidUserName, "the administrator login '\(name)' is not a valid name",
                detail: "it must begin with a letter and have 1 to 63 letters, digits, underscores or hyphens"
            )
        }
        guard !blockedNames.contains(lower), !reservedNames.contains(lower), !lower.hasPrefix("pg_") else {
            throw Problem(
                .invalidUserName, "the administrator login cannot be '\(name)'",
                detail: "the name is reserved",
                hint:
                    "Choose another one; \(blockedNames.sorted().joined(separator: ", ")) and names that begin with "
                    + "pg_ are reserved.")
        }
    }

    /// Throws `.passwordTooShort`, `.passwordTooLong` or `.passwordNotComplex`: 8 to 128 characters of at
    /// least three of four kinds (capital and small letters, digits, others).
    public static func checkPassword(_ password: String) throws(Problem) {
        let length = password.unicodeScalars.count
        guard length >= 8 else {
            throw Problem(.passwordTooShort, "the password must have at least 8 characters")
        }
        guard length <= 128 else {
            throw Problem(.passwordTooLong, "the password must have at most 128 characters")
        }
        guard !password.utf8.contains(0) else {
            throw Problem(.passwordNotComplex, "the password must not contain a zero byte")
        }
        let bytes = Array(password.utf8)
        let kinds = [
            bytes.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) },
            bytes.contains { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) },
            bytes.contains(where: isDigit),
            bytes.contains { !isLetter($0) && !isDigit($0) },
        ]
        guard kinds.count(where: { $0 }) >= 3 else {
            throw Problem(
                .passwordNotComplex, "the password is not complex enough",
                detail: "it needs three of: capital letters, small letters, digits, other characters")
        }
    }

    /// Makes the group and the login in a new cluster. The password itself never reaches the server.
    public static func create(_ login: String, password: String, on connection: Connection) throws(Problem) {
        let verifier = try connection.scramVerifier(password: password, user: login)
        try connection.execute(statements(login: login, verifier: verifier))
    }

    /// Replaces the login's password.
    public static func setPassword(
        _ login: String, password: String, on connection: Connection
    ) throws(Problem) {
        let verifier = try connection.scramVerifier(password: password, user: login)
        try connection.execute(
            "ALTER ROLE \(SQLText.identifier(login)) PASSWORD \(SQLText.literal(verifier))")
    }

    /// The statements of `create`, which run as one transaction, connected to the database `postgres`.
    static func statements(login: String, verifier: String) -> String {
        let role = SQLText.identifier(login)
        return """
            CREATE ROLE \(group) NOLOGIN;
            GRANT pg_monitor, pg_read_all_settings, pg_read_all_stats, pg_stat_scan_tables, pg_signal_backend
                TO \(group);
            GRANT ALL ON DATABASE postgres TO \(group);
            GRANT ALL ON SCHEMA public TO \(group);
            CREATE ROLE \(role) LOGIN NOSUPERUSER CREATEDB CREATEROLE REPLICATION PASSWORD \(SQLText.literal(verifier));
            GRANT \(group) TO \(role) WITH ADMIN OPTION;
            """
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
