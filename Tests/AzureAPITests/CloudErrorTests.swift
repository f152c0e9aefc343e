import Foundation
import Platform
import Testing

@testable import AzureAPI

struct CloudErrorTests {
    @Test func `nests code and message as Azure does, and leaves out what is not known`() throws {
        let document = CloudErrorDocument(Problem(.serverBusy, "Server 'a' is busy."))
        let data = try JSONEncoder().encode(document)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let error = try #require(object["error"] as? [String: Any])
        #expect(object.count == 1 && Set(error.keys) == ["code", "message"])
        #expect(error["code"] as? String == "ServerBusy")
        let named = CloudErrorDocument(Problem(.badRequest, "x"), target: "properties.version")
        #expect(try field("error.target", of: named) as? String == "properties.version")
    }

    @Test(arguments: [
        (Problem(.resourceNotFound, "nothing of that name"), "Nothing of that name."),
        (
            Problem(
                .restoreTimeTooEarly, "the restore time is too early",
                detail: "the earliest is 2026-03-31T22:02:13Z", hint: "Choose a later one."),
            "The restore time is too early. The earliest is 2026-03-31T22:02:13Z. Choose a later one."
        ),
        (
            Problem(.usage, "'x' is not a name", detail: "archive_command failed:\n  no such file\n"),
            "'x' is not a name. archive_command failed: no such file."
        ),
        (Problem(.system, "a;", detail: ""), "A."),
        (Problem(.system, "pg_dump: is odd", hint: "really?"), "pg_dump: is odd. Really?"),
    ])
    func `says everything in sentences, on one line`(problem: Problem, text: String) {
        #expect(CloudErrorDocument(problem).error.message == text)
    }

    @Test(arguments: [
        ("Start it with 'pitr start -n a'.", "Start it with 'az postgres flexible-server start -n a'."),
        ("Run 'pitr backup list -s a'.", "Run 'az postgres flexible-server backup list -s a'."),
        ("Use 'pitr group list'.", "Use 'az group list'."),
        ("See 'pitr activity-log list'.", "See 'az monitor activity-log list'."),
        ("List them with 'pitr list --deleted'.", "List them with 'pitr list --deleted'."),
        ("Run 'pitr doctor'.", "Run 'pitr doctor'."),
    ])
    func `gives advice in az's commands where az has them`(hint: String, text: String) {
        #expect(CloudErrorDocument(Problem(.system, "X.", hint: hint)).error.message == "X. " + text)
    }

    @Test func `names the properties of a request instead of options, outside commands`() {
        let problem = Problem(
            .invalidParameterValue, "Invalid value for --storage-size.",
            hint: "Use --location westus, or 'pitr update -n a --tier GeneralPurpose', or --own.")
        #expect(
            CloudErrorDocument(problem).error.message
                == "Invalid value for properties.storage.storageSizeGB. Use location westus, or "
                + "'az postgres flexible-server update -n a --tier GeneralPurpose', or --own.")
    }

    @Test func `gives the same advice when an operation failed and was kept`() {
        let problem = Problem(.serverIsNotReady, "it is stopped", hint: "Run 'pitr start -n a'.")
        let body = CloudErrorDocument.Body(code: problem.code.rawValue, sentences: problem.sentences)
        #expect(body == CloudErrorDocument(problem).error)
        #expect(body.message == "It is stopped. Run 'az postgres flexible-server start -n a'.")
        #expect(CloudErrorDocument.Body(code: nil, sentences: nil).code == "OperationFailed")
        #expect(CloudErrorDocument.Body(code: "Usage", sentences: "X.").code == "InvalidParameterValue")
    }

    @Test func `has no code that only a command line knows`() {
        #expect(CloudErrorDocument(Problem(.usage, "x")).error.code == "InvalidParameterValue")
    }
}
