import Instance
import Platform
import Testing

@Suite struct AdminRoleTests {
    @Test(arguments: ["myadmin", "a", "Anna_2", "with-hyphen", "postgres"])
    func `accepts ordinary names`(name: String) throws {
        try AdminRole.checkName(name)
    }

    @Test(arguments: [
        "", "azure_superuser", "azure_pg_admin", "azuresu", "Admin", "administrator", "root", "guest",
        "public",
        "pg_anything", "PG_x", "1abc", "a b", "a\"b", "a'b", "ä", "user", "none",
        String(repeating: "x", count: 64),
    ])
    func `refuses blocked and impossible names`(name: String) {
        let failure = #expect(throws: Problem.self) { try AdminRole.checkName(name) }
        #expect(failure?.code == .invalidUserName)
    }

    @Test(arguments: [
        "Passw0rd", "passw0rd!", "PASS-word", "Ünicode1x", String(repeating: "aA1!", count: 32),
    ])
    func `accepts passwords of three kinds of characters`(password: String) throws {
        try AdminRole.checkPassword(password)
    }

    @Test(arguments: [
        ("Sh0rt!", ProblemCode.passwordTooShort), ("", .passwordTooShort),
        (String(repeating: "aA1!", count: 33), .passwordTooLong), ("onlysmallletters", .passwordNotComplex),
        ("SMALLandcapital", .passwordNotComplex), ("digits123", .passwordNotComplex),
        ("Zero\0byte1", .passwordNotComplex),
    ])
    func `refuses weak passwords with Azure's codes`(password: String, code: ProblemCode) {
        let failure = #expect(throws: Problem.self) { try AdminRole.checkPassword(password) }
        #expect(failure?.code == code)
    }
}
