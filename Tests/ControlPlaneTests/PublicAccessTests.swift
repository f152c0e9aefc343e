import Platform
import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane

/// `--public-access` as az takes it.
struct PublicAccessTests {
    private func access(_ text: String?) throws -> PublicAccess {
        let parsed = TimestampParser.parse("2026-03-31T22:02:13Z")
        return try PublicAccess(text, now: try parsed.get().instant)
    }

    @Test func `lets the own machine in where nothing is said`() throws {
        let access = try access(nil)
        #expect(access.isPublic)
        #expect(access.rule?.name == "FirewallIPAddress_2026-3-31_22-2-13")
        #expect(access.rule?.startIPAddress == "127.0.0.1" && access.rule?.endIPAddress == "127.0.0.1")
    }

    @Test(arguments: ["None", "none", "Disabled"]) func `closes the server`(_ text: String) throws {
        let access = try access(text)
        #expect(!access.isPublic && access.rule == nil)
    }

    @Test func `opens the server without a rule`() throws {
        let access = try access("Enabled")
        #expect(access.isPublic && access.rule == nil)
    }

    @Test(arguments: [
        ("All", "AllowAll_", "0.0.0.0", "255.255.255.255"),
        ("0.0.0.0", "AllowAllAzureServicesAndResourcesWithinAzureIps_", "0.0.0.0", "0.0.0.0"),
        ("10.1.2.3", "FirewallIPAddress_", "10.1.2.3", "10.1.2.3"),
        ("10.1.2.3-10.1.3.4", "FirewallIPAddress_", "10.1.2.3", "10.1.3.4"),
    ])
    func `makes a rule of addresses`(_ text: String, name: String, start: String, end: String) throws {
        let rule = try #require(try access(text).rule)
        #expect(rule.name == name + "2026-3-31_22-2-13")
        #expect(rule.startIPAddress == start && rule.endIPAddress == end)
        try ControlPlane.validate(rule)
    }

    @Test(arguments: ["", "-", "10.1.2", "10.1.2.3-", "-10.1.2.3", "1.2.3.4-1.2.3.5-1.2.3.6", "host", "::1"])
    func `refuses what is no address`(_ text: String) {
        let problem = #expect(throws: Problem.self) { _ = try access(text) }
        #expect(problem?.code == .invalidParameterValue)
        #expect(problem?.message == "Invalid IP address. Provide an IPv4 address, for example 12.12.12.12.")
    }

    @Test func `refuses a range that ends before it begins`() {
        let problem = #expect(throws: Problem.self) { _ = try access("10.0.0.2-10.0.0.1") }
        #expect(problem?.message == "The end IP address is smaller than the start IP address.")
    }
}
