import ServiceModel
@testable import AzureAPI
import Platform
import Testing
import TestValues

struct ChildBodyTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func `takes a firewall rule with both its ends`() throws {
        let rule = try FirewallRuleBody(
            bytes(#"{"properties":{"startIpAddress":"10.0.0.1","endIpAddress":"10.0.0.9"}}"#))
        #expect(rule.startIPAddress == "10.0.0.1" && rule.endIPAddress == "10.0.0.9")
        let problem = try #require(throws: Problem.self) {
            try FirewallRuleBody(bytes(#"{"properties":{"startIpAddress":"10.0.0.1"}}"#))
        }
        #expect(problem.code == .invalidRequestContent)
        #expect(problem.detail == "'properties.endIpAddress' is missing")
    }

    @Test func `takes a database with or without its encoding`() throws {
        let body = try DatabaseBody(bytes(#"{"properties":{"charset":"utf8","collation":"en_US.utf8"}}"#))
        #expect(body.charset == "utf8" && body.collation == "en_US.utf8")
        #expect(try DatabaseBody(bytes("{}")).charset == nil)
        #expect(try DatabaseBody([]).collation == nil)
    }

    @Test func `sets a parameter, and resets it as az and others do`() throws {
        let parameter = ParameterDetails(
            name: "lock_timeout", value: "0", defaultValue: "0", dataType: "Integer", allowedValues: "",
            source: "system-default", isDynamicConfig: true, isReadOnly: false,
            isConfigPendingRestart: false, unit: "ms", description: "")
        func setting(_ text: String) throws -> String? {
            try ConfigurationBody(bytes(text)).setting(of: parameter)
        }
        #expect(try setting(#"{"properties":{"value":"2000","source":"user-override"}}"#) == "2000")
        #expect(try setting(#"{"properties":{"value":"2000"}}"#) == "2000")
        #expect(try setting(#"{"properties":{"value":"0","source":"user-override"}}"#) == nil)
        #expect(try setting(#"{"properties":{"source":"system-default"}}"#) == nil)
        #expect(try setting(#"{"properties":{"value":"2000","source":"System-Default"}}"#) == nil)
        for (text, code) in [
            (#"{"properties":{}}"#, ProblemCode.invalidRequestContent),
            (#"{"properties":{"value":1}}"#, .invalidRequestContent),
            (#"{"properties":{"value":"1","source":"me"}}"#, .invalidParameterValue),
        ] {
            let problem = try #require(throws: Problem.self) { try setting(text) }
            #expect(problem.code == code)
        }
    }

    @Test func `takes a restart without a failover, and without a body`() throws {
        _ = try RestartBody([])
        _ = try RestartBody(bytes(#"{"restartWithFailover":false}"#))
        let problem = try #require(throws: Problem.self) {
            try RestartBody(bytes(#"{"restartWithFailover":true,"failoverMode":"Forced"}"#))
        }
        #expect(problem.message.hasPrefix("Failing over can only be triggered"))
    }

    @Test func `takes a name to be checked, and a group`() throws {
        let check = try NameCheckBody(bytes(#"{"name":"a","type":"t"}"#))
        #expect(check.name == "a" && check.type == "t")
        #expect(throws: Problem.self) { try NameCheckBody(bytes("{}")) }
        let group = try GroupBody(bytes(#"{"location":"East US","tags":{"a":"b"}}"#), isNew: true)
        #expect(group.location == "eastus" && group.tags == ["a": "b"])
        #expect(try GroupBody(bytes("{}"), isNew: false).location == nil)
        #expect(throws: Problem.self) { try GroupBody(bytes("{}"), isNew: true) }
        let unknown = try #require(throws: Problem.self) {
            try GroupBody(bytes(#"{"location":"x"}"#), isNew: true)
        }
        #expect(unknown.code == .locationNotAvailable)
        #expect(unknown.message.contains("Microsoft.Resources/resourceGroups"))
    }

    @Test func `takes fifty tags of Azure's lengths and no more`() throws {
        func group(_ tags: [String: String]) throws -> GroupBody {
            let list = tags.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
            return try GroupBody(bytes("{\"tags\":{\(list)}}"), isNew: false)
        }
        let fifty = Dictionary(uniqueKeysWithValues: (0..<50).map { ("t\($0)", "v") })
        #expect(try group(fifty).tags?.count == 50)
        #expect(throws: Problem.self) { try group(fifty.merging(["x": ""]) { $1 }) }
        #expect(try group(["a": String(repeating: "v", count: 256)]).tags != nil)
        #expect(throws: Problem.self) { try group(["a": String(repeating: "v", count: 257)]) }
        #expect(throws: Problem.self) { try group(["": "v"]) }
    }

    @Test func `comes through any bytes with a body or a refusal`() throws {
        var random = SeededRandom()
        let whole = bytes(
            """
            {"location":"local","tags":{"a":"b"},"sku":{"name":"s","tier":"t"},"properties":{"createMode":
            "PointInTimeRestore","pointInTimeUTC":"2026-11-20T23:18:28.1234567Z","storage":{"storageSizeGB":
            32},"sourceServerResourceId":"/subscriptions/s/resourceGroups/g","value":"v","startIpAddress":"a"}}
            """)
        for _ in 0..<3000 {
            var body = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<body.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: body[place] = UInt8.random(in: 0...255, using: &random)
                case 1: body.removeSubrange(place..<min(body.count, place + 5))
                default: body.insert(contentsOf: bytes("[{\"1\":").shuffled(using: &random), at: place)
                }
                if body.isEmpty { body = [0] }
            }
            do {
                let server = try ServerBody(body)
                _ = try server.creation(group: "g", name: "n")
                _ = try ConfigurationBody(body)
            } catch {
                #expect((400...409).contains(error.code.httpStatus), "seed \(random.seed): \(error)")
            }
        }
    }
}
