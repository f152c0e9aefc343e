import ServiceModel
import ServiceSamples
@testable import AzureAPI
import Foundation
import Platform
import Testing

/// `PATCH` and `PUT` on a server that is there.
struct UpdateBodyTests {
    /// As az sends it: what it read, with the change in it.
    private func patch(_ change: (inout [String: Any]) -> Void) throws -> ServerBody {
        let data = try JSONEncoder().encode(WireServer(.full))
        var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        change(&object)
        return try ServerBody(Array(try JSONSerialization.data(withJSONObject: object)))
    }

    private func set(_ part: String, _ name: String, _ value: Any, in object: inout [String: Any]) {
        var properties = object["properties"] as? [String: Any] ?? [:]
        var inner = properties[part] as? [String: Any] ?? [:]
        inner[name] = value
        properties[part] = inner
        object["properties"] = properties
    }

    @Test func `finds no change in a server as it was read`() throws {
        let request = try patch { _ in }.update(of: .full)
        #expect(request.backupRetentionDays == nil && request.tags == nil && request.adminPassword == nil)
        #expect(request.tier == nil && request.skuName == nil && request.storageSizeGiB == nil)
        #expect(request.storageAutoGrow == nil && request.publicAccess == nil)
    }

    @Test func `another version is an upgrade, and goes with nothing else`() throws {
        func properties(_ change: @escaping (inout [String: Any]) -> Void) throws -> ServerBody {
            try patch { object in
                var properties = object["properties"] as? [String: Any] ?? [:]
                change(&properties)
                object["properties"] = properties
            }
        }
        #expect(try properties { _ in }.upgrade(of: .full) == nil)
        #expect(try properties { $0["version"] = "18" }.upgrade(of: .full) == "18")
        #expect(throws: Problem.self) {
            try properties {
                $0["version"] = "18"
                $0["administratorLoginPassword"] = "New-Secret-1"
            }.upgrade(of: .full)
        }
    }

    @Test func `finds each change, and only that`() throws {
        let days = try patch { set("backup", "backupRetentionDays", 20, in: &$0) }.update(of: .full)
        #expect(days.backupRetentionDays == 20 && days.storageSizeGiB == nil && days.tier == nil)
        let size = try patch { set("storage", "storageSizeGB", 256, in: &$0) }.update(of: .full)
        #expect(size.storageSizeGiB == 256 && size.backupRetentionDays == nil)
        #expect(throws: Problem.self) {
            try patch { set("storage", "tier", "P80", in: &$0) }.update(of: .full)
        }
        let grow = try patch { set("storage", "autoGrow", "Enabled", in: &$0) }.update(of: .full)
        #expect(grow.storageAutoGrow == true)
        let access = try patch { set("network", "publicNetworkAccess", "Disabled", in: &$0) }
            .update(of: .full)
        #expect(access.publicAccess == false)
        let tags = try patch { $0["tags"] = [String: String]() }.update(of: .full)
        #expect(tags.tags == [:])
        let sku = try patch {
            $0["sku"] = ["name": "Standard_E4ads_v5", "tier": "MemoryOptimized"]
        }.update(of: .full)
        #expect(sku.tier == "MemoryOptimized" && sku.skuName == "Standard_E4ads_v5")
        let tier = try patch {
            $0["sku"] = ["name": "standard_d4ads_v5", "tier": "MemoryOptimized"]
        }.update(of: .full)
        #expect(tier.tier == "MemoryOptimized" && tier.skuName == "standard_d4ads_v5")
        let body = try ServerBody(
            Array(#"{"properties":{"administratorLoginPassword":"New-Secret-1"}}"#.utf8))
        #expect(try body.update(of: .full).adminPassword == "New-Secret-1")
    }

    @Test func `takes a maintenance window in Azure's shape, and back`() throws {
        func update(_ text: String, of server: ServerDetails = .full) throws -> RequestedWindow? {
            try ServerBody(Array("{\"properties\":{\"maintenanceWindow\":\(text)}}".utf8)).update(of: server)
                .maintenanceWindow
        }
        let given = #"{"customWindow":"Enabled","dayOfWeek":0,"startHour":1,"startMinute":30}"#
        let window = try MaintenanceWindow("Sun:1:30")
        #expect(try update(given) == .custom(window))
        let ofAz = #"{"customWindow":"Enabled","dayOfWeek":"0","startHour":"1","startMinute":"30"}"#
        #expect(try update(ofAz) == .custom(window))
        #expect(throws: Problem.self) { try update(#"{"customWindow":"Enabled","startHour":"one"}"#) }
        var server = ServerDetails.full
        server.maintenanceWindow = window
        #expect(try update(given, of: server) == nil)
        let shown = try JSONEncoder().encode(FlexibleServer(server).maintenanceWindow)
        #expect(try update(String(decoding: shown, as: UTF8.self), of: server) == nil)
        #expect(WireServer(server).properties.maintenanceWindow.customWindow == "Enabled")
        #expect(try update(#"{"customWindow":"Disabled"}"#, of: server) == .disabled)
        #expect(try update(#"{"customWindow":"Disabled","dayOfWeek":3}"#) == nil)
        for wrong in [#""dayOfWeek":7"#, #""startHour":24"#, #""startMinute":60"#, #""startHour":-1"#] {
            let problem = try #require(throws: Problem.self) {
                try update("{\"customWindow\":\"Enabled\",\(wrong)}")
            }
            #expect(problem.code == .invalidParameterValue, "\(wrong)")
        }
    }

    @Test(arguments: [
        (#"{"location":"eastus"}"#, ProblemCode.invalidResourceLocation),
        (#"{"properties":{"createMode":"PointInTimeRestore"}}"#, .serverNameAlreadyExists),
        (#"{"properties":{"createMode":"ReviveDropped"}}"#, .serverNameAlreadyExists),
        (#"{"properties":{"administratorLogin":"eve"}}"#, .invalidParameterValue),
        (#"{"properties":{"backup":{"geoRedundantBackup":"Enabled"}}}"#, .operationNotSupported),
        (#"{"properties":{"storage":{"type":"PremiumV2_LRS"}}}"#, .invalidParameterValue),
        (#"{"properties":{"availabilityZone":"3"}}"#, .invalidParameterValue),
        (#"{"properties":{"administratorLoginPassword":""}}"#, .passwordTooShort),
    ])
    func `refuses to change what cannot change`(text: String, code: ProblemCode) throws {
        let body = try ServerBody(Array(text.utf8))
        let problem = try #require(throws: Problem.self) { try body.update(of: .full) }
        #expect(problem.code == code, "\(problem)")
    }

    @Test func `takes the same place in another spelling`() throws {
        let body = try ServerBody(Array(#"{"location":" LOCAL ","properties":{"createMode":"Update"}}"#.utf8))
        #expect(try body.update(of: .full).tags == nil)
    }
}
