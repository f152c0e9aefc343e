import Foundation
import Planning
import PostgresFormat
import ServiceModel
import Testing
import WALEvents

@testable import ControlPlane

/// A restore that waits for its worker is the one that was asked for.
struct RestoreRequestTests {
    private static let instant = PostgresTimestamp(microseconds: 841_000_000_123_456)

    private static func targets() throws -> [RequestedTarget] {
        let number = try #require(TransactionNumber("4294968041"))
        return [
            .latest(asOf: nil), .latest(asOf: instant),
            .durable(upTo: LSN(0x2000060), asOf: instant),
            .time(RequestedTime(instant, typed: "an hour ago")),
            .backup("nightly"), .position(LSN(0x1_0000_0A0B), exclusive: true),
            .position(LSN(1), exclusive: false), .transaction(number, exclusive: true),
            .restorePoint("release 42"),
            .event(try RequestedEvent("drop table \"Shop\".orders", EventChoice(.latest))),
            .event(try RequestedEvent("delete from orders", EventChoice(.nth(2), minimumRows: 100))),
            .event(try RequestedEvent("truncate orders", EventChoice())),
        ]
    }

    @Test func `every target comes back from the catalog as it was, with the words typed`() throws {
        for target in try Self.targets() {
            var request = RestoreRequest(resourceGroup: "g", sourceServer: "src", target: target)
            request.name = "copy"
            request.timeline = TimelineID(3)
            request.acceptedEnd = LSN(0x3000028)
            request.tags = ["a": "b"]
            request.allowedAddresses = ["127.0.0.1"]
            request.port = 5999
            (request.expiry, request.isHeld) = (.after(seconds: 3600), true)
            request.geoRedundantBackup = true
            request.replaces = true
            let back = try JSONDecoder().decode(
                OperationRequest.self, from: try JSONEncoder().encode(OperationRequest.restore(request)))
            guard case .restore(let read) = back else {
                Issue.record("\(back)")
                return
            }
            #expect(read == request)
        }
    }

    @Test(arguments: [
        (#""restoreTime":"2026-11-20T23:18:28.123456Z""#, "2026-11-20T23:18:28.123456Z"),
        (#""backupName":"nightly""#, nil), (#""beforeEvent":"drop table orders","isLatestEvent":true"#, nil),
        ("", nil),
    ])
    func `what an earlier build queued is still read`(_ fields: String, _ typed: String?) throws {
        let comma = fields.isEmpty ? "" : ","
        let flags = fields.contains("isLatestEvent") ? "" : #","isLatestEvent":false"#
        let text =
            #"{"resourceGroup":"local","name":"c","sourceServer":"s","isExclusive":false,"targetMode":"auto""#
            + flags + comma + fields + "}"
        let request = try JSONDecoder().decode(RestoreRequest.self, from: Data(text.utf8))
        #expect(request.name == "c" && request.target.typedTime == typed)
        #expect(request.expiry == nil && !request.isHeld && !request.replaces)
        switch request.target {
        case .time(let time): #expect(time.instant.description == typed)
        case .backup(let name): #expect(name == "nightly")
        case .event(let event): #expect(event.words == "drop table orders" && event.choice.place == .latest)
        case .latest(let instant): #expect(instant == nil && fields.isEmpty)
        default: Issue.record("\(request.target)")
        }
    }
}
